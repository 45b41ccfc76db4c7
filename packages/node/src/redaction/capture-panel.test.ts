// Spans as any instrumentation makes them, with a switch of the panel off.
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { describe, expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import type { Options } from "../options.ts"
import { capturePanel } from "./capture-panel.ts"

function through(capture: Options["capture"], span: object) {
  const made = { kind: 2, status: { code: 0 }, attributes: {}, events: [], ...span }
  capturePanel(resolveConfig({ capture }, {}).config.capture)?.onEnd(made as unknown as ReadableSpan)
  return made
}

describe("SQL", () => {
  test.each(["db.query.text", "db.statement"])("in %s loses its literals", (name) => {
    const attributes = { "db.system": "mysql", [name]: 'SELECT * FROM t WHERE a = "hush"' }
    expect(through({}, { attributes: { ...attributes } }).attributes).toEqual({
      "db.system": "mysql",
      [name]: "SELECT * FROM t WHERE a = ?",
    })
    expect(through({ sqlLiterals: true }, { attributes }).attributes).toEqual(attributes)
  })

  test("that failed is not quoted by the error either", () => {
    const failed = {
      attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT 'hush'::int, 1" },
      status: { code: 2, message: 'invalid input syntax for type integer: "hush"' },
      events: [{ name: "exception", attributes: { "exception.message": 'for type integer: "hush" 1' } }],
    }
    expect(through({}, failed)).toMatchObject({
      attributes: { "db.query.text": "SELECT ?::int, ?" },
      status: { message: 'invalid input syntax for type integer: "?"' },
      events: [{ attributes: { "exception.message": 'for type integer: "?" 1' } }],
    })
  })

  test("is not looked for in commands of Redis", () => {
    const attributes = { "db.system.name": "redis", "db.query.text": "GET order:7" }
    expect(through({}, { attributes }).attributes).toEqual(attributes)
  })
})

test("queryStrings: false leaves no query of any URL", () => {
  const attributes = {
    "url.full": "http://a/b?c=d#e",
    "url.query": "c=d",
    "url.path": "/b",
    "http.url": "http://a/b",
    "http.target": "/b?c",
  }
  expect(through({ queryStrings: true }, { attributes: { ...attributes } }).attributes).toEqual(attributes)
  expect(through({ queryStrings: false }, { attributes }).attributes).toEqual({
    "url.full": "http://a/b#e",
    "url.path": "/b",
    "http.url": "http://a/b",
    "http.target": "/b",
  })
})

test("clientAddress: false leaves a server's peer out, not a client's", () => {
  const attributes = { "network.peer.address": "10.0.0.1", "client.address": "10.0.0.2" }
  expect(through({ clientAddress: false }, { kind: 1, attributes: { ...attributes } }).attributes).toEqual({})
  expect(through({ clientAddress: false }, { kind: 2, attributes }).attributes).toEqual(attributes)
})

test("userAgent: false", () => {
  const attributes = { "user_agent.original": "curl", "http.user_agent": "curl", "http.route": "/" }
  expect(through({ userAgent: false }, { attributes }).attributes).toEqual({ "http.route": "/" })
})

test("nothing is looked at when everything may stay", () => {
  expect(
    capturePanel({ queryStrings: true, sqlLiterals: true, clientAddress: true, userAgent: true }),
  ).toBeUndefined()
})
