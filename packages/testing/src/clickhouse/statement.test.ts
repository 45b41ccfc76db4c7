import { expect, test } from "vitest"
import { ClickHouseException } from "./exception.ts"
import { parseStatement } from "./statement.ts"

test.each([
  [
    "INSERT INTO t FORMAT Native\n\u0001\u0002",
    { target: "INSERT INTO t", format: "Native" },
    "\u0001\u0002",
  ],
  ["insert into t format CSV\r\n1,2", { target: "insert into t", format: "CSV" }, "1,2"],
  ["INSERT INTO t FORMAT CSV 1,2", { target: "INSERT INTO t", format: "CSV" }, "1,2"],
  ["INSERT INTO t FORMAT Native\n\n\n", { format: "Native" }, "\n\n"],
  [
    "INSERT INTO t (a, `b;c`) VALUES (1, ';')",
    { target: "INSERT INTO t (a, `b;c`)", format: "Values" },
    " (1, ';')",
  ],
  ["INSERT INTO values VALUES (1)", { target: "INSERT INTO values", format: "Values" }, " (1)"],
  ["INSERT INTO format.format FORMAT CSV\n", { target: "INSERT INTO format.format", format: "CSV" }, ""],
  [
    "INSERT INTO t (format, values) FORMAT CSV\n",
    { target: "INSERT INTO t (format, values)", format: "CSV" },
    "",
  ],
  ["INSERT INTO `FORMAT` FORMAT CSV\n", { target: "INSERT INTO `FORMAT`", format: "CSV" }, ""],
  [
    "INSERT INTO t SETTINGS async_insert = 1, x = 'FORMAT' FORMAT CSV\n1",
    { target: "INSERT INTO t", settings: "SETTINGS async_insert = 1, x = 'FORMAT'" },
    "1",
  ],
  [
    "-- FORMAT x\nINSERT /* VALUES */ INTO t FORMAT CSV\n1",
    { target: "-- FORMAT x\nINSERT /* VALUES */ INTO t" },
    "1",
  ],
  [
    "INSERT INTO FUNCTION null('x Int32') VALUES (1)",
    { target: "INSERT INTO FUNCTION null('x Int32')" },
    " (1)",
  ],
])("finds where the data of %j begins", (sql, expected, data) => {
  const statement = parseStatement(sql)
  expect(statement).toMatchObject({ kind: "insert", ...expected })
  expect(statement.kind === "insert" ? sql.slice(statement.dataAt) : undefined).toBe(data)
})

test.each([
  ["SELECT 1", { kind: "select", format: undefined, isRowsAlone: true }],
  ["(SELECT 1) UNION ALL (SELECT 2) FORMAT JSON", { kind: "select", format: "JSON" }],
  ["WITH 1 AS x SELECT x FORMAT CSV SETTINGS max_threads = 1;", { kind: "select", format: "CSV" }],
  ["SELECT format FROM (SELECT 'FORMAT CSV' AS format)", { kind: "select", format: undefined }],
  ["SELECT 1 -- FORMAT CSV", { kind: "select", format: undefined }],
  ["SELECT a, count() FROM t GROUP BY a WITH TOTALS", { kind: "select", isRowsAlone: false }],
  ["SELECT 1 SETTINGS extremes = 1", { kind: "select", isRowsAlone: false }],
  ["SELECT $$it's; FORMAT CSV$$", { kind: "select", format: undefined }],
  ["INSERT INTO t SELECT 1", { kind: "write" }],
  ["INSERT INTO t WITH 1 AS x SELECT x", { kind: "write" }],
  ["INSERT INTO t (SELECT 1)", { kind: "write" }],
  ["CREATE TABLE t ENGINE = Memory AS SELECT 1", { kind: "write" }],
  ["SHOW TABLES FORMAT JSON", { kind: "other", format: "JSON" }],
  ["kill query where query_id = 'x'", { kind: "kill", where: "query_id = 'x'", mode: "ASYNC" }],
  [
    "KILL QUERY WHERE user = 'x' SYNC FORMAT JSON;",
    { kind: "kill", where: "user = 'x'", mode: "SYNC", format: "JSON" },
  ],
])("reads %j", (sql, expected) => {
  expect(parseStatement(sql)).toMatchObject(expected)
})

test.each([
  ["", 62, "Empty query"],
  [" \n-- nothing\n", 62, "Empty query"],
  ["SELECT 1; SELECT 2", 62, "Multi-statements are not allowed"],
  ["SELECT ';'; SELECT 2", 62, "Multi-statements"],
  ["INSERT INTO t", 62, "Expected one of"],
  ["INSERT INTO t FORMAT", 62, "Expected one of"],
  ["INSERT INTO t FORMAT CSV;1", 62, "excessive ';'"],
  ["INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78, "FROM INFILE"],
  ["INSERT INTO t SELECT * FROM input('x Int32') FORMAT CSV", 48, "input("],
  ["SELECT 1 INTO OUTFILE 'x'", 358, "INTO OUTFILE"],
  ["KILL MUTATION WHERE 1", 48, "KILL QUERY"],
])("refuses %j", (sql, code, message) => {
  const refused = expect(() => parseStatement(sql))
  refused.toThrow(ClickHouseException)
  refused.toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
})

test("does not look into data, however long", () => {
  const sql = `INSERT INTO t FORMAT TSV\n${"'\"`;(".repeat(1_000_000)}`
  const started = performance.now()
  expect(parseStatement(sql)).toMatchObject({ kind: "insert", format: "TSV" })
  expect(performance.now() - started).toBeLessThan(1_000)
})
