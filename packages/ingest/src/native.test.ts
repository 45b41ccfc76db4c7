import * as fc from "fast-check"
import { expect, test } from "vitest"
import { Bytes } from "./bytes.ts"
import { array } from "./columns/array.ts"
import type { Column } from "./columns/column.ts"
import { type Attributes, map } from "./columns/map.ts"
import { bool, float64, int32, uint8, uint32, uint64 } from "./columns/number.ts"
import { string } from "./columns/string.ts"
import { dateTime, dateTime64 } from "./columns/time.ts"
import { type Field, writeBlock } from "./native.ts"

test("golden block", () => {
  const out = new Bytes()
  const fields: Field<{ n: number; name: string }>[] = [
    { name: "n", column: uint8, of: (item) => item.n },
    { name: "Events.Name", column: array(string) as Column, of: (item) => [item.name, item.name] },
  ]
  writeBlock(out, fields, [
    { n: 1, name: "a" },
    { n: 2, name: "" },
  ])
  const expected = [
    "02 02",
    "01 6e  05 55496e7438  01 02",
    "0b 4576656e74732e4e616d65  0d 417272617928537472696e6729",
    "0200000000000000 0400000000000000  01 61  01 61  00  00",
  ]
  expect(out.written().toString("hex")).toBe(expected.join("").replaceAll(" ", ""))
})

// A decoder of its own, written from the format's description, that shares nothing with the encoder.

class Reader {
  readonly bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  take(size: number): Buffer {
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }
  varint(): number {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = this.take(1).readUInt8()
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  text(): string {
    return this.take(this.varint()).toString("utf8")
  }
  column(type: string, rows: number): unknown[] {
    const [, outer = type, inner = ""] = /^(\w+)\((.*)\)$/.exec(type) ?? []
    const each = (read: () => unknown) => Array.from({ length: rows }, read)
    switch (outer) {
      case "UInt8":
        return each(() => this.take(1).readUInt8())
      case "Bool":
        return each(() => this.take(1).readUInt8() === 1)
      case "UInt32":
      case "DateTime":
        return each(() => this.take(4).readUInt32LE())
      case "Int32":
        return each(() => this.take(4).readInt32LE())
      case "UInt64":
        return each(() => this.take(8).readBigUInt64LE())
      case "DateTime64":
        return each(() => this.take(8).readBigInt64LE())
      case "Float64":
        return each(() => this.take(8).readDoubleLE())
      case "String":
        return each(() => this.text())
      case "Array":
      case "Map": {
        const ends = each(() => Number(this.take(8).readBigUInt64LE())) as number[]
        const total = ends.at(-1) ?? 0
        const [keyType = "", valueType = ""] = inner.split(", ")
        const keys = this.column(outer === "Map" ? keyType : inner, total)
        const values = outer === "Map" ? this.column(valueType, total) : []
        return ends.map((end, row) => {
          const range = [ends[row - 1] ?? 0, end] as const
          if (outer === "Array") return keys.slice(...range)
          const some = values.slice(...range)
          return keys.slice(...range).map((key, index) => [key, some[index]])
        })
      }
      default:
        throw new Error(`no decoder for ${type}`)
    }
  }
  block(): Record<string, unknown[]> {
    const columns = this.varint()
    const rows = this.varint()
    return Object.fromEntries(
      Array.from({ length: columns }, () => {
        const name = this.text()
        return [name, this.column(this.text(), rows)]
      }),
    )
  }
}

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ minLength: 30, maxLength: 300 }))
const attributes = fc.dictionary(text, text, { maxKeys: 5 })

const row = fc.record({
  u8: fc.integer({ min: 0, max: 255 }),
  u32: fc.integer({ min: 0, max: 0xffffffff }),
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  u64: fc.bigInt(0n, 2n ** 64n - 1n),
  f64: fc.double(),
  bool: fc.boolean(),
  text,
  time: fc.bigInt(-9_223_372_035_000_000_000n, 9_223_372_035_000_000_000n),
  seconds: fc.integer({ min: 0, max: 0xffffffff }),
  map: attributes,
  names: fc.array(text, { maxLength: 4 }),
  counts: fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { maxLength: 4 }),
  maps: fc.array(attributes, { maxLength: 3 }),
})

type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never

/** Sorted by the keys' bytes, as the table wants them. */
const pairs = (value: Attributes) =>
  Object.entries(value).sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))

const columns: [
  name: keyof Row,
  column: Column<never>,
  of: (row: Row) => unknown,
  read: (row: Row) => unknown,
][] = [
  ["u8", uint8, (one) => one.u8, (one) => one.u8],
  ["u32", uint32, (one) => one.u32, (one) => one.u32],
  ["i32", int32, (one) => one.i32, (one) => one.i32],
  ["u64", uint64, (one) => one.u64, (one) => one.u64],
  ["f64", float64, (one) => one.f64, (one) => one.f64],
  ["bool", bool, (one) => one.bool, (one) => one.bool],
  ["text", string, (one) => one.text, (one) => one.text],
  ["time", dateTime64, (one) => one.time, (one) => one.time],
  ["seconds", dateTime, (one) => [one.seconds, 0], (one) => one.seconds],
  ["map", map, (one) => one.map, (one) => pairs(one.map)],
  ["names", array(string), (one) => one.names, (one) => one.names],
  ["counts", array(uint64), (one) => one.counts, (one) => one.counts],
  ["maps", array(map), (one) => one.maps, (one) => one.maps.map(pairs)],
]

test("any rows, also equal ones in a run, are read back by another decoder as they were", () => {
  const rows = fc.array(fc.tuple(row, fc.integer({ min: 1, max: 3 })), { maxLength: 8 })
  const fields = columns.map(([name, column, of]) => ({ name, column: column as Column, of }))
  fc.assert(
    fc.property(rows, (some) => {
      const all = some.flatMap(([one, times]) => Array.from({ length: times }, () => one))
      const out = new Bytes()
      writeBlock(out, fields, all)
      const reader = new Reader(out.written())
      const block = reader.block()
      expect(reader.at).toBe(out.length)
      for (const [name, , , read] of columns) expect(block[name]).toEqual(all.map(read))
    }),
  )
})
