import { expect, test } from "vitest"
import { fields, ProtobufReader } from "./protobuf-reader.ts"

const reader = (hex: string) => new ProtobufReader(Buffer.from(hex.replaceAll(" ", ""), "hex"))
const malformed = expect.objectContaining({ code: "MALFORMED" })

test.each([
  ["00", 0],
  ["7f", 127],
  ["8001", 128],
  ["ac02", 300],
  ["ffffff7f", 2 ** 28 - 1],
  ["ffffffff0f", 2 ** 32 - 1],
])("the varint %s of 32 bits is %i", (hex, value) => {
  const read = reader(hex)
  expect(read.uint32()).toBe(value)
  expect(read.position).toBe(hex.length / 2)
})

test.each([
  ["00", 0, 0],
  ["ac02", 300, 300],
  ["ffffffffffffff0f", 2 ** 53 - 1, 2 ** 53 - 1],
  ["8080808080808010", 2n ** 53n, 2n ** 53n],
  ["ffffffffffffffff7f", 2n ** 63n - 1n, 2n ** 63n - 1n],
  ["80808080808080808001", -(2n ** 63n), 2n ** 63n],
  ["ffffffffffffffffff01", -1, 2n ** 64n - 1n],
  ["81808080808080f0ff01", -(2 ** 53) + 1, 2n ** 64n - 2n ** 53n + 1n],
])("the varint %s of 64 bits is %s, unsigned %s", (hex, signed, unsigned) => {
  expect(reader(hex).int64()).toBe(signed)
  expect(reader(hex).uint64()).toBe(unsigned)
})

test.each([
  ["00", 0],
  ["01", -1],
  ["02", 1],
  ["feffffff0f", 2 ** 31 - 1],
  ["ffffffff0f", -(2 ** 31)],
])("the zigzag %s is %i", (hex, value) => {
  expect(reader(hex).sint32()).toBe(value)
})

test.each([
  ["0100000000000000", 1, 1],
  ["ffffffffffff1f00", 2 ** 53 - 1, 2 ** 53 - 1],
  ["0000000000002000", 2n ** 53n, 2n ** 53n],
  ["ffffffffffffffff", 2n ** 64n - 1n, -1],
])("the eight bytes %s are %s, signed %s", (hex, unsigned, signed) => {
  expect(reader(hex).fixed64()).toBe(unsigned)
  expect(reader(hex).sfixed64()).toBe(signed)
})

test.each([
  0n,
  1n,
  999_999_999n,
  1_000_000_000n,
  1_763_600_000_123_456_789n,
  2n ** 32n,
  2n ** 63n,
  2n ** 64n - 1n,
])("%s nanoseconds are split exactly", (nanos) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(nanos)
  expect(new ProtobufReader(bytes).time()).toEqual([
    Number(nanos / 1_000_000_000n),
    Number(nanos % 1_000_000_000n),
  ])
})

test("text is UTF-8, and bytes that are not become U+FFFD", () => {
  expect(reader("00").text()).toBe("")
  expect(reader("0568656c6c6f").text()).toBe("hello")
  expect(reader("06e697a5e69cac").text()).toBe("日本")
  expect(reader("03 61ff62").text()).toBe("a\ufffdb")
})

test("an id is hex of its length, or empty", () => {
  expect(reader("08 00000000000000ab").id(8)).toBe("00000000000000ab")
  expect(reader("00").id(8)).toBe("")
  expect(() => reader("04 00000001").id(8)).toThrow(malformed)
})

test("bytes are copied, so that they do not keep the request", () => {
  const bytes = Buffer.from([2, 7, 8])
  const copy = new ProtobufReader(bytes).copy()
  bytes[1] = 0
  expect(copy).toEqual(new Uint8Array([7, 8]))
  expect(copy.buffer.byteLength).toBe(2)
})

test("a plain Uint8Array is read in place, also one in the middle of its buffer", () => {
  const whole = new Uint8Array([9, 9, 0x05, 9])
  expect(new ProtobufReader(whole.subarray(2, 3)).uint32()).toBe(5)
})

const known = fields(1, 2)

test.each([
  ["a varint", 0x28, "ac02", 2],
  ["eight bytes", 0x29, "0000000000000000", 8],
  ["text", 0x2a, "0161", 2],
  ["four bytes", 0x2d, "00000000", 4],
])("%s that nobody knows is passed over", (_name, tag, hex, length) => {
  const read = reader(`${hex}ff`)
  read.skip(tag, known)
  expect(read.position).toBe(length)
})

test.each([
  ["a known field of another wire type", 0x08, "01"],
  ["a group", 0x2b, "2c"],
  ["the end of a group", 0x2c, ""],
  ["wire type 6", 0x2e, ""],
  ["field 0", 0x02, "00"],
  ["text without its end", 0x2a, "0561"],
  ["eight bytes without their end", 0x29, "00"],
  ["a varint of eleven bytes", 0x28, "8080808080808080808001"],
])("%s is refused", (_name, tag, hex) => {
  expect(() => reader(hex).skip(tag, known)).toThrow(malformed)
})

test("a message that ends inside of a field is noticed when it is left", () => {
  const read = reader("02 08 80")
  const end = read.enter()
  read.uint32()
  expect(() => {
    read.uint32()
    read.leave(end)
  }).toThrow(malformed)
})
