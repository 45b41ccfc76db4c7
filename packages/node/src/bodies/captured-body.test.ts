// However a body is cut and encoded, what is kept is its beginning, byte for byte, and no more than the cap.
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { CapturedBody } from "./captured-body.ts"

const encodings: BufferEncoding[] = ["utf8", "latin1", "ascii", "hex", "base64", "base64url", "utf16le"]

/** A chunk as write() takes it, with the bytes that it stands for. */
const anyChunk = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ chunk: bytes as unknown, encoding: undefined, bytes })),
  fc
    .tuple(
      fc.string({
        maxLength: 200,
        unit: fc.oneof(fc.string({ maxLength: 1 }), fc.constantFrom("é", "€", "😀", "\ud83d")),
      }),
      fc.constantFrom(...encodings),
    )
    .map(([text, encoding]) => ({ chunk: text as unknown, encoding, bytes: Buffer.from(text, encoding) })),
)

test("any chunks in any encoding, with any cap", () => {
  fc.assert(
    fc.property(fc.array(anyChunk, { maxLength: 20 }), fc.integer({ min: 1, max: 1000 }), (chunks, cap) => {
      const body = new CapturedBody("utf-8", undefined, cap)
      for (const { chunk: given, encoding } of chunks) body.add(given, encoding)
      const all = Buffer.concat(chunks.map(({ bytes }) => bytes))
      expect(Buffer.from(body.bytes)).toEqual(all.subarray(0, cap))
      if (all.length > cap) expect(body.isWhole).toBe(false)
      expect(body.bytes.buffer.byteLength).toBeLessThanOrEqual(cap)
    }),
    { numRuns: 1000 },
  )
})

test("a body of exactly the cap is whole, of one byte more it is not", () => {
  const body = new CapturedBody("utf-8", undefined, 4)
  body.add("ab")
  body.add(Buffer.from("cd"))
  body.add("")
  expect(body.isWhole).toBe(true)
  body.add("e")
  expect(body.isWhole).toBe(false)
})

test("a chunk that the app uses again is not kept", () => {
  const body = new CapturedBody("utf-8", undefined, 100)
  const chunk = Buffer.from("before")
  body.add(chunk)
  chunk.fill("x")
  expect(String(Buffer.from(body.bytes))).toBe("before")
})

test("what is no chunk, and an encoding that is none", () => {
  const body = new CapturedBody("utf-8", undefined, 100)
  for (const wrong of [undefined, null, 1, {}, () => {}]) body.add(wrong)
  body.add("é", "never-heard")
  body.add("é", () => {})
  expect(String(Buffer.from(body.bytes))).toBe("éé")
})
