import { describe, expect, test } from "vitest"
import type { IngestErrorCode } from "./errors.ts"
import { connectionError, exceptionError, queryError } from "./exceptions.ts"

const where = "http://localhost:8123, insert into `default`.`otel_logs`"

// As a server sends it.
const answer = (code: number, text: string, name: string) =>
  `Code: ${code}. DB::Exception: ${text}. (${name}) (version 26.7.1.1 (official build))`

describe("an exception in answer to an insert", () => {
  const soon = undefined
  const slowly = 60_000
  const table: [number, IngestErrorCode, retryable: boolean, retryAfterMs: number | undefined][] = [
    ...[159, 202, 209, 210, 236, 242, 319, 439, 999].map(
      (code) => [code, "OVERLOADED", true, soon] as [number, IngestErrorCode, boolean, undefined],
    ),
    ...[25, 26, 27, 38, 41, 53, 72, 117, 190].map(
      (code) => [code, "BAD_ROW", false, soon] as [number, IngestErrorCode, boolean, undefined],
    ),
    [241, "OUT_OF_MEMORY", true, soon],
    [252, "TOO_MANY_PARTS", true, 5_000],
    [16, "SCHEMA_MISMATCH", true, slowly],
    [115, "BAD_OPTION", true, slowly],
    [60, "TABLE_MISSING", true, slowly],
    [81, "DATABASE_MISSING", true, slowly],
    [192, "AUTHENTICATION", true, slowly],
    [193, "AUTHENTICATION", true, slowly],
    [194, "AUTHENTICATION", true, slowly],
    [516, "AUTHENTICATION", true, slowly],
    [497, "PERMISSION", true, slowly],
    [164, "READ_ONLY", true, slowly],
    [243, "SERVER", true, slowly],
    [62, "BAD_QUERY", false, soon],
    [394, "ABORTED", false, soon],
    [31_337, "SERVER", true, soon],
  ]
  test.each(table)("%i is %s", (exceptionCode, code, retryable, retryAfterMs) => {
    const cause = new Error("from the client")
    const error = exceptionError(exceptionCode, answer(exceptionCode, "It went wrong", "NAME"), where, cause)
    expect(error).toMatchObject({ name: "IngestError", code, retryable, exceptionCode, cause })
    expect(error.retryAfterMs).toBe(retryAfterMs)
    expect(error.message).toMatch(/^http:.*`otel_logs`: It went wrong \(code \d+\); [^\n]{10,}$/)
  })

  test("into too many partitions is cut in pieces, unlike too many parts", () => {
    const text = "Too many partitions for single INSERT block (more than 100)"
    const error = exceptionError(252, answer(252, text, "TOO_MANY_PARTS"), where)
    expect(error).toMatchObject({ code: "TOO_MANY_PARTITIONS", retryable: false, exceptionCode: 252 })
    expect(error.message).toBe(`${where}: ${text}; it is sent in smaller pieces`)
  })
})

describe("the message", () => {
  const message = (text: string) => exceptionError(60, text, "here").message
  const next = "(code 60); create it with ensureSchema()"

  test("is what happened, where, and what to do", () => {
    expect(message(answer(60, "Table default.otel_logs does not exist", "UNKNOWN_TABLE"))).toBe(
      `here: Table default.otel_logs does not exist ${next}`,
    )
  })
  test("is one line, also with a stack trace behind it", () => {
    expect(message(`${answer(60, "No table", "UNKNOWN_TABLE")}\n\n0. DB::f()\n1. main`)).toBe(
      `here: No table ${next}`,
    )
  })
  test("starts with the first of nested exceptions' texts", () => {
    expect(
      message("Code: 60. DB::Exception: Received from ch:9000. DB::Exception: No table. (UNKNOWN_TABLE)"),
    ).toBe(`here: Received from ch:9000. DB::Exception: No table ${next}`)
  })
  test("is cut where it is long", () => {
    expect(message("x".repeat(1_000))).toBe(`here: ${"x".repeat(300)}... ${next}`)
  })
  test("keeps words in brackets that are no name of an exception", () => {
    expect(message("Cannot parse (at row 1)")).toBe(`here: Cannot parse (at row 1) ${next}`)
  })
})

describe("an exception in answer to somebody's own query", () => {
  test.each([47, 62, 46, 43, 53, 26, 36])("%i is theirs to correct", (code) => {
    const error = queryError(code, answer(code, "Unknown expression `x`", "NAME"), "here")
    expect(error).toMatchObject({ code: "BAD_QUERY", retryable: false, exceptionCode: code })
    expect(error.message).toBe(`here: Unknown expression \`x\` (code ${code}); correct the SQL`)
  })
  test("is otherwise what it is for an insert", () => {
    expect(queryError(202, "Too many simultaneous queries", "here").code).toBe("OVERLOADED")
    expect(queryError(60, "No table", "here").code).toBe("TABLE_MISSING")
  })
})

describe("a failed connection", () => {
  const failed = (code: string, message: string) => Object.assign(new Error(message), { code })
  const minute = 60_000

  test.each<[string, IngestErrorCode, number | undefined, string]>([
    ["CERT_HAS_EXPIRED", "CERTIFICATE", minute, "renew it, or name its authority with `tls.caCert`"],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "CERTIFICATE",
      minute,
      "renew it, or name its authority with `tls.caCert`",
    ],
    ["SELF_SIGNED_CERT_IN_CHAIN", "CERTIFICATE", minute, "renew it, or name its authority with `tls.caCert`"],
    [
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "CERTIFICATE",
      minute,
      "renew it, or name its authority with `tls.caCert`",
    ],
    [
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "CERTIFICATE",
      minute,
      "renew it, or name its authority with `tls.caCert`",
    ],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "CERTIFICATE",
      minute,
      "renew it, or name its authority with `tls.caCert`",
    ],
    ["EPROTO", "UNREACHABLE", minute, "check http and https, and the port (8123 for http, 8443 for https)"],
    [
      "ERR_SSL_WRONG_VERSION_NUMBER",
      "UNREACHABLE",
      minute,
      "check http and https, and the port (8123 for http, 8443 for https)",
    ],
    [
      "HPE_INVALID_CONSTANT",
      "UNREACHABLE",
      minute,
      "check http and https, and the port (8123 for http, 8443 for https)",
    ],
    ["ECONNREFUSED", "UNREACHABLE", undefined, "check host and port, and that the server runs"],
    ["ENOTFOUND", "UNREACHABLE", undefined, "check host and port, and that the server runs"],
    ["EAI_AGAIN", "UNREACHABLE", undefined, "check host and port, and that the server runs"],
    ["ECONNRESET", "UNREACHABLE", undefined, "it is tried again"],
    ["EPIPE", "UNREACHABLE", undefined, "it is tried again"],
    ["ETIMEDOUT", "TIMEOUT", undefined, "it is tried again, or set a longer `timeoutMs`"],
  ])("%s is %s", (nodeCode, code, retryAfterMs, advice) => {
    const cause = failed(nodeCode, "what Node.js says")
    const error = connectionError(cause, "https://ch:8443")
    expect(error).toMatchObject({ code, retryable: true, cause })
    expect(error.retryAfterMs).toBe(retryAfterMs)
    expect(error.message).toMatch(/^https:\/\/ch:8443: [^\n]+; /)
    expect(error.message.endsWith(`; ${advice}`)).toBe(true)
  })

  test("to each of several addresses tells of the first", () => {
    const cause = new AggregateError([
      failed("ECONNREFUSED", "connect ECONNREFUSED ::1:8123"),
      failed("ECONNREFUSED", "4"),
    ])
    expect(connectionError(cause, "here").message).toBe(
      "here: connect ECONNREFUSED ::1:8123; check host and port, and that the server runs",
    )
  })

  test("in which no answer came is a timeout", () => {
    expect(connectionError(new Error("Timeout error."), "here")).toMatchObject({
      code: "TIMEOUT",
      message: "here: no answer in time; it is tried again, or set a longer `timeoutMs`",
    })
  })

  test("answered with a page of a proxy is one line", () => {
    const page = `<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n${"<p>".repeat(1_000)}`
    const { message } = connectionError(new Error(page), "here")
    expect(message).toMatch(
      /^here: <html> <head><title>502 Bad Gateway<\/title><\/head> [^\n]+\.\.\.; it is tried again$/,
    )
    expect(message.length).toBeLessThan(400)
  })

  test.each([["gone"], [undefined], [null], [{}]])(
    "without an error, but %o, is still an error",
    (thrown) => {
      const error = connectionError(thrown, "here")
      expect(error.code).toBe("UNREACHABLE")
      expect(error.message).toMatch(/^here: .+; it is tried again$/)
    },
  )
})
