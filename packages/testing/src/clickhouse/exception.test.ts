import { expect, test } from "vitest"
import { ClickHouseException, toException } from "./exception.ts"

test.each([
  [194, 401],
  [516, 403],
  [497, 403],
  [62, 400],
  [27, 400],
  [60, 404],
  [81, 404],
  [48, 501],
  [209, 503],
  [439, 503],
  [159, 408],
  [252, 500],
  [164, 500],
  [241, 500],
])("code %i has status %i, as on a server", (code, status) => {
  expect(new ClickHouseException(code, "x").status).toBe(status)
})

test("is spelled as a server spells it", () => {
  const text = new ClickHouseException(60, "Table default.t does not exist.").text("26.7.2.1")
  expect(text).toBe(
    "Code: 60. DB::Exception: Table default.t does not exist. (UNKNOWN_TABLE) (version 26.7.2.1)\n",
  )
})

test.each([
  [
    "Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)",
    394,
    "Query was cancelled.",
    "QUERY_WAS_CANCELLED",
  ],
  [
    "Query failed: Code: 62. DB::Exception: Syntax\nerror (x) (y). (SYNTAX_ERROR)",
    62,
    "Syntax\nerror (x) (y).",
    "SYNTAX_ERROR",
  ],
  [
    "Code: 115. DB::Exception: Code: 115. DB::Exception: Unknown setting 'x'. (UNKNOWN_SETTING) (version 26.7.2.1). (UNKNOWN_SETTING)",
    115,
    "Unknown setting 'x'.",
    "UNKNOWN_SETTING",
  ],
  ["something else broke", 1001, "something else broke", "STD_EXCEPTION"],
])("is read from what chDB throws: %j", (text, code, message, type) => {
  expect(toException(new Error(text))).toMatchObject({ code, message, type })
})

test("stays what it is", () => {
  const exception = new ClickHouseException(60, "x")
  expect(toException(exception)).toBe(exception)
})
