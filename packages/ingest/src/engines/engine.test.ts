import { expect, test } from "vitest"
import { quote, settingsClause, textLiteral } from "./engine.ts"

test.each([
  ["otel_logs", "`otel_logs`"],
  ["Events.Name", "`Events.Name`"],
  ["a`b", "`a\\`b`"],
  ["a\\b", "`a\\\\b`"],
  ["` ; DROP TABLE x; --", "`\\` ; DROP TABLE x; --`"],
])("quotes the name %s", (name, quoted) => {
  expect(quote(name)).toBe(quoted)
})

test.each([
  ["/tmp/a b", "'/tmp/a b'"],
  ["it's", "'it\\'s'"],
  ["a\\'b", "'a\\\\\\'b'"],
])("writes the text %s", (text, literal) => {
  expect(textLiteral(text)).toBe(literal)
})

test("writes settings by their types", () => {
  expect(settingsClause({ a: 1, b: true, c: false, d: "it's", e: 0.5 })).toBe(
    "a = 1, b = 1, c = 0, d = 'it\\'s', e = 0.5",
  )
  expect(settingsClause({})).toBe("")
})
