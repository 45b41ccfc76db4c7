import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createCharsetOf } from "./body-types.ts"
import { decodeBody } from "./decode-body.ts"

const mark = "…[truncated]"
const bytes = (text: string) => Buffer.from(text)

describe("decompressed", () => {
  const compressors = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, "X-GZIP": gzipSync }
  test.each(Object.entries(compressors))(
    "%s: what fits whole, what does not up to the cap",
    (encoding, compress) => {
      fc.assert(
        fc.property(
          fc.string({ maxLength: 3000, unit: "grapheme" }),
          fc.integer({ min: 1, max: 4000 }),
          (text, cap) => {
            fc.pre(!text.includes("\0"))
            const decoded = decodeBody(compress(text), true, "utf-8", encoding, cap)
            const isWhole = Buffer.byteLength(text) <= cap
            if (isWhole) expect(decoded).toBe(text.replace(/^\ufeff/, ""))
            else {
              if (decoded === "[br, not decoded]") return // its beginning is more than the cap
              expect(decoded!.endsWith(mark)).toBe(true)
              const kept = decoded!.slice(0, -mark.length)
              expect(text.replace(/^\ufeff/, "").startsWith(kept)).toBe(true)
              expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(cap)
            }
          },
        ),
        { numRuns: 100 },
      )
    },
  )

  test("deflate without its wrapper", () => {
    expect(decodeBody(deflateRawSync("{}"), true, "utf-8", "deflate", 10)).toBe("{}")
  })

  test.each(Object.entries(compressors))("%s that was cut gives what there is", (encoding, compress) => {
    const all = Array.from({ length: 2000 }, (_, index) => `${index * 7919} `).join("")
    const cut = compress(all).subarray(0, 1000)
    const decoded = decodeBody(cut, false, "utf-8", encoding, 100_000)!
    expect(decoded.length).toBeGreaterThan(500)
    expect(all.startsWith(decoded.slice(0, -mark.length))).toBe(true)
  })

  test.each(["gzip", "br"])("a bomb in %s never becomes more than the cap", (encoding) => {
    const zeros = "0".repeat(100 * 1024 * 1024)
    const compressed =
      encoding === "gzip"
        ? gzipSync(zeros)
        : brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    const decoded = decodeBody(compressed.subarray(0, 16_384), false, "utf-8", encoding, 16_384)!
    expect(decoded).toMatch(encoding === "br" ? /^\[br, not decoded\]$/ : /^0*…\[truncated\]$/)
    expect(decoded.length).toBeLessThanOrEqual(16_384 + mark.length)
  })

  test("brotli with a window that would take long to fill is left alone", () => {
    const text = "0123456789".repeat(1_000_000)
    const [small, large] = [22, 24].map((window) =>
      brotliCompressSync(text, {
        params: { [constants.BROTLI_PARAM_LGWIN]: window, [constants.BROTLI_PARAM_QUALITY]: 3 },
      }),
    )
    expect(decodeBody(large!, true, "utf-8", "br", 20_000_000)).toBe("[br, not decoded]")
    expect(decodeBody(small!, true, "utf-8", "br", 20_000_000)).toBe(text)
  })

  test("what cannot be decompressed says so", () => {
    expect(decodeBody(bytes("no gzip"), true, "utf-8", "gzip", 100)).toBe("[gzip, not decoded]")
    expect(decodeBody(bytes("x"), true, "utf-8", "gzip, br", 100)).toBe("[gzip, br, not decoded]")
    expect(decodeBody(bytes("x"), true, "utf-8", "aws-chunked", 100)).toBe("[aws-chunked, not decoded]")
  })
})

describe("read as text", () => {
  test("a character that was cut is left out", () => {
    expect(decodeBody(bytes("aé").subarray(0, 2), false, "utf-8", undefined, 2)).toBe(`a${mark}`)
  })
  test("bytes that are no text of the charset are none, nor is what holds a NUL", () => {
    expect(decodeBody(Buffer.from([97, 255]), true, "utf-8", undefined, 9)).toBe(undefined)
    expect(decodeBody(bytes("a\0"), true, "utf-8", undefined, 9)).toBe(undefined)
    expect(decodeBody(bytes("a"), true, "never-heard", undefined, 9)).toBe(undefined)
  })
})

test("which content types, and their charsets", () => {
  const charsetOf = createCharsetOf(["application/json", "application/*+json", "text/*"])
  expect(
    [
      "application/json",
      'Application/Problem+JSON ; Charset="ISO-8859-1"',
      "text/html;charset=utf-16le",
      "text/",
      "application/jsonp",
      "x-application/json",
      "application/octet-stream",
      "",
    ].map(charsetOf),
  ).toEqual(["utf-8", "iso-8859-1", "utf-16le", "utf-8", undefined, undefined, undefined, undefined])
  expect(charsetOf(undefined)).toBe(undefined)
  expect(createCharsetOf([])("text/plain")).toBe(undefined)
  expect(["image/png", "multipart/form-data; boundary=x"].map(createCharsetOf(["*"]))).toEqual([
    "utf-8",
    undefined,
  ])
})
