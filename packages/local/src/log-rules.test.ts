import { expect, test } from "vitest"
import { applyLogRules, type RuledLog } from "./log-rules.ts"

type Case = readonly [
  name: string,
  log: Partial<RuledLog>,
  expected: { attributes?: Record<string, unknown>; text: string; number: number },
]

const body = (text: unknown, attributes: Record<string, unknown> = {}) => ({ body: text, attributes })
const infoAs = (attributes: Record<string, unknown>) => ({ attributes, text: "info", number: 9 })
const level = (text: string, number: number) => ({ text, number })

const cases: readonly Case[] = [
  // JSON in the body
  ["a JSON object becomes attributes", body('{"a":"b","n":1}'), infoAs({ a: "b", n: 1 })],
  ["JSON within a line of text", body('done {"a":"b"} in time'), infoAs({ a: "b" })],
  ["the outermost braces", body('x {"a":{"b":1}} y'), infoAs({ "a.b": 1 })],
  ["JSON over several lines", body('{\n  "a": 1\n}'), infoAs({ a: 1 })],
  ["nested maps become dotted keys", body('{"a":{"b":{"c":"d"}}}'), infoAs({ "a.b.c": "d" })],
  ["items of a list are numbered", body('{"tags":["x","y"]}'), infoAs({ "tags.0": "x", "tags.1": "y" })],
  ["what is in a list stays as it is", body('{"a":[{"b":1}]}'), infoAs({ "a.0": { b: 1 } })],
  ["it overwrites attributes", body('{"a":2}', { a: 1, b: 1 }), infoAs({ a: 2, b: 1 })],
  ["a JSON null is a value", body('{"a":null}'), infoAs({ a: null })],
  ["an empty object adds nothing", body("{}"), infoAs({})],
  ["an empty map within vanishes", body('{"a":{}}'), infoAs({})],
  ["a list is no object", body("[1,2]"), infoAs({})],
  ["a list with objects: the braces are no JSON", body('[{"a":1},{"b":2}]'), infoAs({})],
  ["a list with one object", body('[{"a":1}]'), infoAs({ a: 1 })],
  ["two objects: the outermost braces are no JSON", body('{"a":1} {"b":2}'), infoAs({})],
  ["braces without JSON", body("hello {name}"), infoAs({})],
  ["single quotes are no JSON", body("{'a':1}"), infoAs({})],
  ["a closing brace first", body("} {"), infoAs({})],
  ["an unclosed brace", body('{"a":1'), infoAs({})],
  ["a key called __proto__", body('{"__proto__":"x"}'), infoAs(JSON.parse('{"__proto__":"x"}'))],
  ["unicode and escapes", body('{"ключ":"\\u00e9\\n"}'), infoAs({ ключ: "é\n" })],
  // A map as body
  ["a map's members become attributes, not flattened", body({ a: { b: 1 } }), infoAs({ a: { b: 1 } })],
  ["a map overwrites attributes", body({ a: 2 }, { a: 1 }), infoAs({ a: 2 })],
  ["a list as body", body(["x"]), infoAs({})],
  ["bytes as body", body(new Uint8Array([1])), infoAs({})],
  ["nothing as body", body(undefined), infoAs({})],
  ["nested attributes are flattened without JSON too", body("x", { a: { b: 1 } }), infoAs({ "a.b": 1 })],
  // A level among the attributes
  ["level", body("x", { level: "error" }), level("error", 17)],
  ["level out of the body's JSON", body('{"level":"warn"}'), level("warn", 13)],
  ["level out of a map", body({ level: "debug" }), level("debug", 5)],
  ["the first name that is there wins", body("x", { severity: "error", level: "debug" }), level("debug", 5)],
  ["Severity", body("x", { Severity: "CRITICAL" }), level("critical", 21)],
  ["log.level", body("x", { "log.level": "Warning" }), level("warning", 13)],
  ["log.level, nested", body('{"log":{"level":"notice"}}'), level("notice", 13)],
  ["a number is not promoted: pino's 50", body('{"level":50}'), level("info", 9)],
  [
    "the next name when the first is no text",
    body("x", { level: 50, severity: "fatal" }),
    level("fatal", 21),
  ],
  ["an unknown level is info", body("x", { level: "verbose" }), level("verbose", 9)],
  ["a later rule overrules", body("x", { level: "error-info" }), level("error-info", 9)],
  ["emergency", body("x", { level: "emerg" }), level("emerg", 21)],
  ["dbug", body("x", { LEVEL: "DBUG" }), level("dbug", 5)],
  ["trace", body("x", { level: "TRACE" }), level("trace", 1)],
  ["contains err", body("x", { level: "stderr" }), level("stderr", 17)],
  // Inferred from the body
  ["an error in the text", body("Error: no such user"), level("error", 17)],
  ["in brackets", body("[WARN] disk is full"), level("warn", 13)],
  ["the first word decides", body("warning: error ahead"), level("warn", 13)],
  ["the start of a word is enough", body("2 errors found"), level("error", 17)],
  ["within a word it is nothing", body("terror and interrupts"), level("info", 9)],
  ["critical", body("critical section entered"), level("fatal", 21)],
  ["alert", body("ALERT! fire"), level("fatal", 21)],
  ["notice", body("notice: restarting"), level("warn", 13)],
  ["debug", body("DEBUG x=1"), level("debug", 5)],
  ["trace in the text", body("trace id is 12"), level("trace", 1)],
  ["nothing found", body("listening on port 80"), level("info", 9)],
  ["within the first 256 characters", body(`${"x ".repeat(125)}error`), level("error", 17)],
  ["beyond them", body(`${"x ".repeat(130)}error`), level("info", 9)],
  ["in a map's text", body({ message: "fatal" }), level("fatal", 21)],
  ["no body", body(""), level("info", 9)],
  // A severity that was sent
  ["a number stays alone", { body: "error", severityNumber: 10, attributes: {} }, { text: "", number: 10 }],
  [
    "a text stays, in lower case",
    { body: "x", severityText: "WARN", attributes: {} },
    { text: "warn", number: 0 },
  ],
  [
    "attributes do not overrule it",
    { body: "x", severityText: "Info", severityNumber: 9, attributes: { level: "error" } },
    level("info", 9),
  ],
]

test.each(cases)("%s", (_name, log, expected) => {
  const record = { attributes: {}, ...log }
  applyLogRules(record)
  expect([record.severityText ?? "", record.severityNumber ?? 0]).toEqual([expected.text, expected.number])
  if (expected.attributes !== undefined) expect(record.attributes).toEqual(expected.attributes)
  expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype)
})

test("there are at least forty cases", () => expect(cases.length).toBeGreaterThanOrEqual(40))

test("a body nested 20,000 deep costs little and changes nothing else", () => {
  const log = { body: `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`, attributes: { b: 1 } }
  applyLogRules(log)
  const keys = Object.keys(log.attributes)
  expect(keys).toHaveLength(2)
  expect(keys[1]?.length).toBeLessThan(200)
})

test("a megabyte of opening braces is read once", () => {
  const log = { body: "{".repeat(1_000_000) + "}", attributes: {} }
  const started = process.cpuUsage()
  applyLogRules(log)
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5)
  expect(log.attributes).toEqual({})
})
