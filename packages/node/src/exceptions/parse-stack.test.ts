import { expect, test } from "vitest"
import { parseLine, parseStack } from "./parse-stack.ts"

test.each([
  ["    at load (/app/a.js:1:2)", "load", "/app/a.js", 1, 2],
  ["    at /app/a.js:1:2", undefined, "/app/a.js", 1, 2],
  ["    at file:///app/a.mjs:1:2", undefined, "file:///app/a.mjs", 1, 2],
  ["    at async load (file:///app/a.mjs?v=1:1:2)", "load", "file:///app/a.mjs?v=1", 1, 2],
  ["    at async file:///app/a.mjs:1:2", undefined, "file:///app/a.mjs", 1, 2],
  ["    at new Order (/app/a.js:1:2)", "new Order", "/app/a.js", 1, 2],
  ["    at Object.<anonymous> (/app/a.js:1:2)", "Object.<anonymous>", "/app/a.js", 1, 2],
  ["    at Object.run [as handler] (/app/a.js:1:2)", "Object.run", "/app/a.js", 1, 2],
  ["    at <anonymous> (/app/a.js:1:2)", undefined, "/app/a.js", 1, 2],
  ["    at C:\\app\\a.js:1:2", undefined, "C:\\app\\a.js", 1, 2],
  ["    at load (C:\\my app (1)\\a.js:1:2)", "load", "C:\\my app (1)\\a.js", 1, 2],
  ["    at /my app (1)/a.js:1:2", undefined, "/my app (1)/a.js", 1, 2],
  ["    at load (/my app (1)/a.js:1:2)", "load", "/my app (1)/a.js", 1, 2],
  ["    at node:internal/timers:1:2", undefined, "node:internal/timers", 1, 2],
  [
    "    at Module._compile (node:internal/modules/cjs:1:2)",
    "Module._compile",
    "node:internal/modules/cjs",
    1,
    2,
  ],
  ["    at Array.map (<anonymous>)", "Array.map", undefined, undefined, undefined],
  ["    at async Promise.all (index 0)", "Promise.all", undefined, undefined, undefined],
  ["    at String.replace (native)", "String.replace", undefined, undefined, undefined],
  ["    at eval (eval at run (/app/a.js:1:2), <anonymous>:3:4)", "eval", "/app/a.js", 1, 2],
  [
    "    at eval (eval at <anonymous> (eval at run (/app/a.js:1:2)), <anonymous>:3:4)",
    "eval",
    "/app/a.js",
    1,
    2,
  ],
  [
    "    at f (wasm://wasm/1234:wasm-function[12]:0x1a)",
    "f",
    "wasm://wasm/1234:wasm-function[12]:0x1a",
    undefined,
    undefined,
  ],
  ["    at load (/app/a.js)", "load", "/app/a.js", undefined, undefined],
  ["    at load (/app/a.js:0:99999999999999999999)", "load", "/app/a.js", undefined, undefined],
])("%s", (text, name, file, line, column) => {
  expect(parseLine(text)).toEqual({ function: name, file, line, column })
})

test.each(["Error: at home", "at /app/a.js:1:2", "", "    at ", "    ... 3 lines matching"])(
  "%j is no frame",
  (text) => {
    expect(parseLine(text)).toBeUndefined()
  },
)

test("takes nothing of the message for a frame", () => {
  const message = "parse error\n    at /etc/passwd:1:1"
  expect(
    parseStack(`Error: ${message}\n    at run (/app/a.js:1:2)`, message).map(({ file }) => file),
  ).toEqual(["/app/a.js"])
})

test("ends where the stack of a cause begins, and after 50 frames", () => {
  const appended = "Error: x\n    at /app/a.js:1:2\ncaused by: Error: y\n    at /app/b.js:1:2"
  expect(parseStack(appended, "x").map(({ file }) => file)).toEqual(["/app/a.js"])
  const long = `Error: x\n${"    at /app/a.js:1:2\n".repeat(10_000)}`
  expect(parseStack(long, "x")).toHaveLength(50)
})

test("comes to an end with hostile texts", () => {
  for (const hostile of [
    "    at (((((",
    "    at eval at (",
    "    at a:1:1:1:",
    "    at  async ",
    "at :1111",
  ]) {
    const repeated = `    at ${hostile.trim().repeat(150)}`
    for (const text of [repeated, `${repeated})`, `    at eval (eval at ${repeated})`]) {
      expect(parseStack(`x\n${`${text}\n`.repeat(500)}`, "").length).toBeLessThanOrEqual(50)
    }
  }
})
