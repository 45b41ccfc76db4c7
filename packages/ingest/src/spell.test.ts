import * as fc from "fast-check"
import { expect, test } from "vitest"
import { spell, toJson } from "./spell.ts"

const megabyte = "x".repeat(1024 * 1024)

const throwing = {
  a: 1,
  get b(): never {
    throw new Error("not today")
  },
}

/** Throws at whatever is asked of it, also at `instanceof`. */
function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function cyclic(): object {
  const self: Record<string, unknown> = { name: "me" }
  self["me"] = self
  return self
}

function nested(depth: number): unknown {
  let value: unknown = "bottom"
  for (let level = 0; level < depth; level++) value = { in: value }
  return value
}

function withStack(stack: unknown, error: Error = new Error("boom")): Error {
  return Object.defineProperty(error, "stack", { value: stack })
}

const fails = (message: unknown) => () => {
  throw message
}

const unspeakable = Object.assign(() => 1, { toString: fails(new Error("mute")) })

// A value, its spelling in an attribute map, and its spelling as JSON, inside of an array or a map.
const table: [name: string, value: unknown, text: string, json: string][] = [
  ["a text", "text", "text", '"text"'],
  ["an empty text", "", "", '""'],
  ["a text with quotes and newlines", 'a"\n\n', 'a"\n\n', String.raw`"a\"\n\n"`],
  ["a text of a megabyte", megabyte, megabyte, `"${megabyte}"`],
  ["true", true, "true", "true"],
  ["false", false, "false", "false"],
  ["an integer", 42, "42", "42"],
  ["a negative integer", -42, "-42", "-42"],
  ["a double", 0.1, "0.1", "0.1"],
  ["a large double", 1e21, "1e+21", "1e+21"],
  ["a small double", 1e-7, "1e-7", "1e-7"],
  ["minus zero", -0, "0", "0"],
  ["not a number", NaN, "NaN", "null"],
  ["infinity", Infinity, "Infinity", "null"],
  ["minus infinity", -Infinity, "-Infinity", "null"],
  ["2^53 + 1", 2n ** 53n + 1n, "9007199254740993", "9007199254740993"],
  ["a negative bigint", -5n, "-5", "-5"],
  ["null", null, "", "null"],
  ["undefined", undefined, "", "null"],
  ["bytes", Uint8Array.of(251, 255, 0), "+/8A", '"+/8A"'],
  ["bytes that are a part of others", Buffer.from("xabcx").subarray(1, 4), "YWJj", '"YWJj"'],
  ["no bytes", new Uint8Array(), "", '""'],
  ["an empty array", [], "[]", "[]"],
  ["an array", ["a", 1, true, null, undefined], '["a",1,true,null,null]', '["a",1,true,null,null]'],
  ["an array with a hole", [1, , 2], "[1,null,2]", "[1,null,2]"], // oxlint-disable-line no-sparse-arrays
  ["an array of bigints", [1n, 2n ** 64n], "[1,18446744073709551616]", "[1,18446744073709551616]"],
  ["an empty map", {}, "{}", "{}"],
  ["a map, its keys sorted", { b: 1, a: { d: [1], c: null } }, '{"a":{"c":null,"d":[1]},"b":1}', ""],
  ["keys sorted by their UTF-8 bytes", { "😀": 1, "\uffee": 2 }, '{"\uffee":2,"😀":1}', ""],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}', ""],
  [
    "a Map",
    new Map<unknown, unknown>([
      ["b", 1],
      ["a", [2]],
    ]),
    '{"a":[2],"b":1}',
    "",
  ],
  ["a Set", new Set(["b", "a"]), '["b","a"]', ""],
  ["a Date", new Date(0), "1970-01-01T00:00:00.000Z", '"1970-01-01T00:00:00.000Z"'],
  ["a Date of no time", new Date(NaN), "Invalid Date", '"Invalid Date"'],
  ["an Error", withStack("Error: boom\n    at here"), "Error: boom\n    at here", ""],
  [
    "an error that the platform throws",
    withStack("AbortError: stop", new DOMException("stop")),
    "AbortError: stop",
    "",
  ],
  ["an Error without a stack", withStack(undefined), "boom", '"boom"'],
  ["an Error whose stack is no text", withStack(7), "7", '"7"'],
  ["a symbol", Symbol("s"), "Symbol(s)", '"Symbol(s)"'],
  ["a function", Math.max, "function max() { [native code] }", '"function max() { [native code] }"'],
  ["a function that cannot be printed", unspeakable, "[unreadable: mute]", '"[unreadable: mute]"'],
  ["a cycle", cyclic(), '{"me":"[circular]","name":"me"}', ""],
  ["the same object twice, which is no cycle", [throwing.a, [1], [1]], "[1,[1],[1]]", ""],
  ["a throwing getter", throwing, '"[unreadable: not today]"', '"[unreadable: not today]"'],
  ["a throwing getter deeper down", { a: 1, b: throwing }, '{"a":1,"b":"[unreadable: not today]"}', ""],
  [
    "a getter that throws no error",
    {
      get a() {
        return fails(Symbol("s"))()
      },
    },
    '"[unreadable: Symbol(s)]"',
    "",
  ],
  ["a Proxy", new Proxy({ b: 1, a: 2 }, {}), '{"a":2,"b":1}', ""],
  [
    "a Proxy that tells nothing",
    new Proxy({}, { ownKeys: fails(new Error("no")) }),
    '"[unreadable: no]"',
    "",
  ],
  ["lone surrogates in JSON", ["a\ud83d", { "\udc00": 1 }], '["a\ufffd",{"\ufffd":1}]', ""],
]

test.each(table)("spells %s", (_name, value, text) => {
  expect(spell(value)).toBe(text)
})

test.each(table)("as JSON, spells %s", (_name, value, text, json) => {
  expect(toJson(value)).toBe(json === "" ? (value instanceof Error ? JSON.stringify(text) : text) : json)
})

test.each([
  ["an object", {}],
  ["an array", []],
  ["a function", () => 1],
])("a revoked Proxy of %s costs neither the batch nor its neighbours", (_name, target) => {
  expect(spell(revoked(target))).toMatch(/^"?\[unreadable: .*revoked/)
  expect(spell(["before", revoked(target), "after"])).toMatch(
    /^\["before","\[unreadable: .*revoked.*\]","after"\]$/,
  )
})

test("leaves a lone surrogate of a text to the encoder", () => {
  expect(spell("a\ud83d")).toBe("a\ud83d")
})

test("cuts what is nested 20,000 deep after 64 levels", () => {
  expect(spell(nested(20_000))).toBe(`${'{"in":'.repeat(64)}"[too deep]"${"}".repeat(64)}`)
  expect(spell(nested(64))).toBe(`${'{"in":'.repeat(64)}"bottom"${"}".repeat(64)}`)
})

test("an error that cannot even be asked for its message is unreadable", () => {
  const evil = Object.defineProperty(new Error("x"), "message", { get: fails(new Error("y")) })
  expect(
    spell({
      get a() {
        return fails(evil)()
      },
    }),
  ).toBe('"[unreadable]"')
})

test("whatever JSON can hold is read back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(toJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test("whatever JavaScript can hold is spelled as text, and as JSON that parses", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withSparseArray: true,
        withNullPrototype: true,
        withTypedArray: true,
      }),
      (value) => {
        expect(typeof spell(value)).toBe("string")
        expect(() => JSON.parse(toJson(value))).not.toThrow()
      },
    ),
  )
})
