import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Bytes } from "./bytes.ts"

/** What `write` writes, as hex. */
function written(write: (out: Bytes) => void): string {
  const out = new Bytes()
  write(out)
  return out.written().toString("hex")
}

/** A buffer that has room for `room` more bytes, all before them being zero. */
function nearlyFull(room: number): Bytes {
  const out = new Bytes()
  out.append(new Uint8Array(out.buffer.length - room))
  return out
}

describe("golden bytes", () => {
  const cases: [string, (out: Bytes) => void, string][] = [
    ["uint8 255", (out) => out.uint8(255), "ff"],
    ["uint32 258", (out) => out.uint32(258), "02010000"],
    ["uint32 2^32-1", (out) => out.uint32(0xffffffff), "ffffffff"],
    ["int32 -2", (out) => out.int32(-2), "feffffff"],
    ["float64 1.5", (out) => out.float64(1.5), "000000000000f83f"],
    ["varint 0", (out) => out.varint(0), "00"],
    ["varint 127", (out) => out.varint(127), "7f"],
    ["varint 128", (out) => out.varint(128), "8001"],
    ["varint 300", (out) => out.varint(300), "ac02"],
    ["varint 16383", (out) => out.varint(16_383), "ff7f"],
    ["varint 16384", (out) => out.varint(16_384), "808001"],
    ["varint 2^32", (out) => out.varint(2 ** 32), "8080808010"],
    ["varint 2^53-1", (out) => out.varint(Number.MAX_SAFE_INTEGER), "ffffffffffffff0f"],
    ["an empty string", (out) => out.string(""), "00"],
    ["ok", (out) => out.string("ok"), "026f6b"],
    ["é", (out) => out.string("é"), "02c3a9"],
    ["an astral character", (out) => out.string("a😀"), "0561f09f9880"],
    ["a lone surrogate, as U+FFFD", (out) => out.string("a\ud83db"), "0561efbfbd62"],
    ["bytes", (out) => out.append(Uint8Array.of(1, 2, 3)), "010203"],
  ]
  test.each(cases)("%s", (_name, write, hex) => {
    expect(written(write)).toBe(hex)
  })
})

test.each([39, 40, 127, 128, 16_383, 16_384])(
  "a string of %i characters, ASCII or not, is its UTF-8",
  (size) => {
    for (const text of ["a".repeat(size), "é".repeat(size), "€".repeat(size), `${"a".repeat(size - 1)}é`]) {
      const length = written((out) => out.varint(Buffer.byteLength(text)))
      expect(written((out) => out.string(text))).toBe(length + Buffer.from(text).toString("hex"))
    }
  },
)

test("any string is its length in bytes and its UTF-8, also where the buffer has to grow for it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.nat(700), (text, room) => {
      const out = nearlyFull(room)
      const start = out.length
      out.string(text)
      const utf8 = Buffer.from(text)
      const length = utf8.length < 128 ? [utf8.length] : [(utf8.length % 128) | 128, utf8.length >> 7]
      expect(out.written().subarray(start)).toEqual(Buffer.from([...length, ...utf8]))
    }),
  )
})

describe("growth in the middle of a write keeps what is there and writes what is new", () => {
  const long = "ü".repeat(300)
  const cases: [string, (out: Bytes) => void, string][] = [
    ["uint8", (out) => out.uint8(7), "07"],
    ["uint32", (out) => out.uint32(258), "02010000"],
    ["int32", (out) => out.int32(-2), "feffffff"],
    ["float64", (out) => out.float64(1.5), "000000000000f83f"],
    ["varint", (out) => out.varint(300), "ac02"],
    ["string", (out) => out.string("ok"), "026f6b"],
    ["long string", (out) => out.string(long), `d804${Buffer.from(long).toString("hex")}`],
    ["append", (out) => out.append(Uint8Array.of(1, 2, 3)), "010203"],
  ]
  test.each(cases)("%s", (_name, write, hex) => {
    for (const room of [0, 1, 2]) {
      const out = nearlyFull(room + 1)
      out.uint8(0xee)
      const before = out.length
      write(out)
      expect(
        out
          .written()
          .subarray(before - 1)
          .toString("hex"),
      ).toBe(`ee${hex}`)
      expect(
        out
          .written()
          .subarray(0, before - 1)
          .every((byte) => byte === 0),
      ).toBe(true)
    }
  })

  test("repeatLast", () => {
    const out = nearlyFull(3)
    out.append(Uint8Array.of(1, 2, 3))
    const before = out.length
    out.repeatLast(3, 50_000)
    expect(out.length).toBe(before + 150_000)
    expect(
      out
        .written()
        .subarray(before - 3)
        .toString("hex"),
    ).toBe("010203".repeat(50_001))
  })
})

test.each([
  [2, 0, "0102"],
  [2, 1, "01020102"],
  [1, 3, "0102020202"],
  [2, 5, "0102".repeat(6)],
  [0, 5, "0102"],
])("repeats the last %i bytes %i times more", (size, times, hex) => {
  const out = new Bytes()
  out.append(Uint8Array.of(1, 2))
  out.repeatLast(size, times)
  expect(out.written().toString("hex")).toBe(hex)
})

test("a cleared buffer is written again from its beginning, in the same memory", () => {
  const out = new Bytes()
  out.string("before")
  const { buffer } = out
  out.clear()
  out.uint8(1)
  expect(out.written().toString("hex")).toBe("01")
  expect(out.buffer).toBe(buffer)
})

test("takes a string of a megabyte", () => {
  const text = "x".repeat(1024 * 1024)
  const out = new Bytes()
  out.string(text)
  expect(out.length).toBe(text.length + 3)
  expect(out.written().subarray(0, 4).toString("hex")).toBe("80804078")
})

test("refuses to grow beyond its limit, and keeps what is there", () => {
  const out = nearlyFull(1)
  out.limit = out.buffer.length + 10
  out.uint8(1)
  expect(() => out.append(new Uint8Array(11))).toThrow("needs 65547 bytes, more than 65546")
  out.append(new Uint8Array(10))
  expect(out.length).toBe(65_546)
})
