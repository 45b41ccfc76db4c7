import { expect, test } from "vitest"
import { TextCache } from "./text-cache.ts"

const textOf = (cache: TextCache, bytes: Uint8Array | string) => {
  const buffer = Buffer.from(bytes)
  return cache.text(buffer, 0, buffer.length)
}

test("finds the string that it made before, without making another", () => {
  let made = 0
  const cache = new TextCache(64, (text) => {
    made++
    return text
  })
  for (let i = 0; i < 5; i++) expect(textOf(cache, "http.route")).toBe("http.route")
  expect(made).toBe(1)
})

test("gives back what it was asked for when one slot has to serve all", () => {
  const cache = new TextCache(1)
  for (let i = 0; i < 1000; i++) {
    const text = `attribute.${i % 7}`
    expect(textOf(cache, text)).toBe(text)
  }
})

test.each(["", "é", "日本語", "\u0000", "a".repeat(48), "a".repeat(49), "é".repeat(100)])(
  "text %j",
  (text) => {
    const cache = new TextCache(16)
    expect(textOf(cache, text)).toBe(text)
    expect(textOf(cache, text)).toBe(text)
  },
)

test("takes no text for other bytes that have the same numbers", () => {
  const cache = new TextCache(1)
  expect(textOf(cache, "é")).toBe("é")
  // A lone 0xE9 is Latin-1's é, but not UTF-8.
  expect(textOf(cache, new Uint8Array([0xe9]))).toBe("\ufffd")
  expect(textOf(cache, "é")).toBe("é")
})

test("expects the text that came next before, and takes another one all the same", () => {
  const cache = new TextCache(64)
  const sequence = ["key", "value", "stringValue", "key", "value", "intValue", "kvlistValue", "key"]
  for (let round = 0; round < 4; round++) {
    for (const text of sequence) {
      const bytes = Buffer.from(`"${text}":`)
      const expected = cache.nextQuoted(bytes, 1)
      if (round > 0 && text === "value") expect(expected).toBe("value")
      if (expected !== "") expect(expected).toBe(text)
      else expect(cache.nextText(bytes, 1, 1 + text.length)).toBe(text)
    }
  }
})

test("expects no text that only begins like the one that came before", () => {
  const cache = new TextCache(64)
  const lookUp = (text: string) => cache.nextText(Buffer.from(text), 0, text.length)
  for (const text of ["a", "name", "a"]) lookUp(text)
  expect(cache.nextQuoted(Buffer.from('names"'), 0)).toBe("")
  expect(cache.nextQuoted(Buffer.from("name"), 0)).toBe("")
  expect(cache.nextQuoted(Buffer.from('name"'), 0)).toBe("name")
  lookUp("a")
  expect(lookUp("names")).toBe("names")
})
