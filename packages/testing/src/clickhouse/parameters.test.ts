import { expect, test } from "vitest"
import { readParameters } from "./parameters.ts"

test("tells bound parameters, settings and the interface's own parameters apart", () => {
  const url = new URLSearchParams({
    query: "SELECT 1",
    query_id: "mine",
    database: "otel",
    default_format: "JSON",
    wait_end_of_query: "1",
    enable_http_compression: "1",
    user: "u",
    password: "p",
    param_a: "it's",
    max_threads: "2",
  })
  expect(readParameters(url, {})).toEqual({
    queryId: "mine",
    database: "otel",
    defaultFormat: "JSON",
    waitEnd: true,
    compress: true,
    bound: [["a", "it's"]],
    settings: [
      ["enable_http_compression", "1"],
      ["max_threads", "2"],
    ],
  })
})

test("takes database and format from headers, and gives every query an id", () => {
  const headers = { "x-clickhouse-database": "otel", "x-clickhouse-format": "CSV" }
  const parameters = readParameters(new URLSearchParams(), headers)
  expect(parameters).toMatchObject({
    database: "otel",
    defaultFormat: "CSV",
    waitEnd: false,
    compress: false,
  })
  expect(parameters.queryId).toMatch(/^[\da-f-]{36}$/)
})

test.each(["session_id", "session_timeout", "session_check", "close_session", "role"])(
  "refuses %s",
  (name) => {
    expect(() => readParameters(new URLSearchParams({ [name]: "1" }), {})).toThrow(
      "not supported by this test server",
    )
  },
)
