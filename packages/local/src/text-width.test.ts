import { expect, test } from "vitest"
import { cutToWidth, padToWidth, textWidth } from "./text-width.ts"

test.each([
  ["GET /cart", 9],
  ["日本語", 6],
  ["スパン 🚀", 9],
  ["한국어", 6],
  ["é as two: e\u0301", 11],
  ["…█─", 3],
])("%j takes %d columns", (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test("a text is cut and filled by its columns", () => {
  expect(cutToWidth("日本語", 6)).toBe("日本語")
  expect(cutToWidth("日本語", 5)).toBe("日本…")
  expect(cutToWidth("日本語", 4)).toBe("日…")
  expect(cutToWidth("abcdef", 4)).toBe("abc…")
  expect(padToWidth("日本", 6)).toBe("日本  ")
  expect(padToWidth("abc", 2)).toBe("abc")
})
