import { runInNewContext } from "node:vm"
import { describe, expect, test } from "vitest"
import { exceptionAttributes } from "./exception-attributes.ts"

class PaymentError extends Error {}
class NamedError extends Error {
  override name = "E_NAMED"
}

function withStack<E extends Error>(error: E, stack: string): E {
  error.stack = stack
  return error
}

test("tells an error's type, message and stack", () => {
  const error = new TypeError("x is not a function")
  expect(exceptionAttributes(error)).toEqual({
    "exception.type": "TypeError",
    "exception.message": "x is not a function",
    "exception.stacktrace": error.stack,
  })
})

test.each([
  [new PaymentError("declined"), "PaymentError"],
  [new NamedError("declined"), "E_NAMED"],
  [runInNewContext("new RangeError('elsewhere')"), "RangeError"],
  [new DOMException("gone", "AbortError"), "AbortError"],
])("calls %s by its class or its name", (error, type) => {
  expect(exceptionAttributes(error)["exception.type"]).toBe(type)
})

test("prints causes and the errors of an AggregateError inside the stack, as Node does", () => {
  const inner = withStack(new Error("refused"), "Error: refused\n    at connect (db.js:1:1)")
  const outer = withStack(
    new Error("no answer", { cause: inner }),
    "Error: no answer\n    at ask (app.js:2:2)",
  )
  const errors = [outer, "timeout"]
  const all = withStack(
    new AggregateError(errors, "all failed"),
    "AggregateError: all failed\n    at c.js:3:3",
  )
  expect(exceptionAttributes(all)["exception.stacktrace"]).toBe(`AggregateError: all failed
    at c.js:3:3 {
  [errors]: [
    Error: no answer
        at ask (app.js:2:2) {
      [cause]: Error: refused
          at connect (db.js:1:1)
    },
    "timeout"
  ]
}`)
})

test("ends where an error is its own cause", () => {
  const error = withStack(new Error("loop"), "Error: loop\n    at x.js:1:1")
  error.cause = error
  expect(exceptionAttributes(error)["exception.stacktrace"]).toBe(
    "Error: loop\n    at x.js:1:1 {\n  [cause]: [Circular]\n}",
  )
})

test("is bounded for a chain of a thousand causes, and for a wide AggregateError of wide ones", () => {
  let chain = new Error("first")
  for (let index = 0; index < 1000; index++) chain = new Error("next", { cause: chain })
  const wide = () => new AggregateError(Array.from({ length: 50 }, () => new Error("x".repeat(10_000))))
  const wider = new AggregateError(Array.from({ length: 50 }, wide), "y".repeat(1_000_000))
  for (const error of [chain, wider]) {
    expect(String(exceptionAttributes(error)["exception.stacktrace"]).length).toBeLessThan(600_000)
  }
})

describe("what is no error", () => {
  test.each<[unknown, string, string]>([
    ["out of tea", "string", "out of tea"],
    [418, "number", "418"],
    [undefined, "undefined", "undefined"],
    [null, "null", "null"],
    [12n, "bigint", "12"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [function named() {}, "function", "[function named]"],
    [{ message: "plain", code: 1 }, "Object", "plain"],
    [{ code: 1, password: "hunter2" }, "Object", "[Object with code, password]"],
    [Object.create(null), "Object", "[Object]"],
    [[1], "Array", "[Array with 0]"],
  ])("%o has a type and a message, and no stack", (thrown, type, message) => {
    expect(exceptionAttributes(thrown)).toEqual({ "exception.type": type, "exception.message": message })
  })
})

describe("what cannot be read", () => {
  const explode = (): never => {
    throw new Error("no")
  }

  test("an error whose getters throw is an Error still", () => {
    const error = Object.defineProperties(new Error("hidden"), {
      stack: { get: explode }, // first, since V8 reads the others for it
      name: { get: explode },
      message: { get: explode },
      cause: { get: explode },
      constructor: { get: explode },
    })
    expect(exceptionAttributes(error)).toEqual({
      "exception.type": "Error",
      "exception.message": "",
      "exception.stacktrace": "Error {\n  [cause]: undefined\n}",
    })
  })

  test("a proxy that throws at everything, also a revoked one", () => {
    const handler = new Proxy({}, { get: () => explode })
    const { proxy, revoke } = Proxy.revocable(new Error("x"), {})
    revoke()
    for (const thrown of [new Proxy(new Error("x"), handler), proxy]) {
      expect(exceptionAttributes(thrown)).toEqual({
        "exception.type": "Object",
        "exception.message": "[Object that cannot be read]",
      })
    }
  })

  test("a stack that is no text, as some Error.prepareStackTrace make it", () => {
    const error = Object.defineProperty(new Error("sites"), "stack", { value: [{}, {}] })
    expect(exceptionAttributes(error)["exception.stacktrace"]).toBe("Error: sites")
  })
})
