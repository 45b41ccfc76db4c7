// SQL without its values, by the rules of each kind of database.
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { clickhouse, dialectOf, withoutLiterals } from "./sql-literals.ts"

const shown = (system: string | undefined, sql: string) => withoutLiterals(sql, dialectOf(system)!)

describe("the text", () => {
  test.each([
    [
      "postgresql",
      `SELECT "a"."b" FROM t WHERE c = 'x' AND d = $1::int`,
      `SELECT "a"."b" FROM t WHERE c = ? AND d = $1::int`,
    ],
    [
      "postgresql",
      "INSERT INTO t (a, b) VALUES ('x', 2), ($1, $2) RETURNING id",
      "INSERT INTO t (a, b) VALUES (?..), ($1, $2) RETURNING id",
    ],
    ["postgresql", "SELECT $$it's$$, $tag$ x $tag$, a[1]", "SELECT ?.., a[?]"],
    ["postgresql", "SELECT '\\' AND b = 'S3CR3T'", "SELECT ? …"],
    ["postgresql", "SELECT E'a\\'S3CR3T' AND b = 'S3CR3T'", "SELECT E? …"],
    [
      "mysql",
      "SELECT `a` FROM t WHERE b = \"x\" AND c = 'it\\'s' # S3CR3T",
      "SELECT `a` FROM t WHERE b = ? AND c = ?",
    ],
    [
      "microsoft.sql_server",
      "SELECT [a 1] FROM [dbo].[t] WHERE b = N'x' AND c = @p1",
      "SELECT [a 1] FROM [dbo].[t] WHERE b = N? AND c = @p1",
    ],
    ["cassandra", "SELECT a FROM t WHERE b = 'x' AND c = :name", "SELECT a FROM t WHERE b = ? AND c = :name"],
    [undefined, `SELECT "x", 'y', 3`, "SELECT ?.."],
    ["postgresql", "SELECT 'cut in the midd", "SELECT ?"],
    ["postgresql", "SELECT 1 -- S3CR3T\n/* S3CR3T */ FROM t", "SELECT ? FROM t"],
  ])("of %s: %s", (system, sql, expected) => {
    expect(shown(system, sql)).toBe(expected)
  })

  test("is left alone where no SQL is spoken", () => {
    expect(["redis", "mongodb"].map(dialectOf)).toEqual([undefined, undefined])
  })

  test.each(["postgresql", "mysql", "microsoft.sql_server", undefined])(
    "of %s never holds a value",
    (system) => {
      const inQuotes = fc
        .string({ unit: fc.constantFrom(..."ab'\\\"`;-#$\n".split("")), maxLength: 12 })
        .map((value) =>
          system === "mysql"
            ? `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}S3CR3T'`
            : `'${value.replaceAll("'", "''")}S3CR3T'`,
        )
      const part = fc.oneof(
        inQuotes,
        fc.constant("31337"),
        fc.constantFrom("a", "=", ",", "(", ")", " ", "$1"),
      )
      fc.assert(
        fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
          expect(shown(system, `SELECT ${parts.join(" ")}`)).not.toMatch(/S3CR3T|31337/)
        }),
        { numRuns: 1000 },
      )
    },
  )
})

describe("for ClickHouse, the text", () => {
  test.each([
    ["SELECT * FROM t WHERE a = 'x' AND b > 4.5e3", "SELECT * FROM t WHERE a = ? AND b > ?"],
    ["SELECT 'it''s', 'a\\'b', 0xff, -1", "SELECT ?.., -?"],
    ["SELECT t1.c2 FROM t1", "SELECT t1.c2 FROM t1"],
    ["SELECT {id:UInt64} -- secret\n, /* secret */ 1", "SELECT {id:UInt64} , ?"],
    ["SELECT $a$it's secret$a$, 2", "SELECT ?.."],
    ["SELECT * FROM t WHERE id IN (1, 2, 3)", "SELECT * FROM t WHERE id IN (?..)"],
    ["INSERT INTO t (a) VALUES ('secret'), (\"x\")", "INSERT INTO t (a) VALUES ?"],
    ['INSERT INTO t FORMAT JSONEachRow {"a": "secret"}', "INSERT INTO t FORMAT JSONEachRow"],
    ["INSERT INTO t SELECT 'FORMAT secret' FORMAT CSV 1", "INSERT INTO t SELECT ? FORMAT CSV"],
    ["SELECT 'never ended", "SELECT ?"],
    [`SELECT ${"a, ".repeat(2000)}b`, `${`SELECT ${"a, ".repeat(2000)}`.slice(0, 2048)}…`],
  ])("of %s", (sql, text) => {
    expect(withoutLiterals(sql, clickhouse)).toBe(text)
  })

  test("never holds what stands in a text or a number, whatever that is", () => {
    const quoted = fc
      .string({ unit: "binary", maxLength: 30 })
      .map((value) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}S3CR3T'`)
    const part = fc.oneof(quoted, fc.constant("31337"), fc.constantFrom("a", "=", ",", "(", ")", "`q`", " "))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = withoutLiterals(`SELECT ${parts.join(" ")}`, clickhouse)
        expect(text).not.toContain("S3CR3T")
        expect(text).not.toContain("31337")
      }),
    )
  })
})

test("brackets without an end are read once, and show nothing of what follows", () => {
  const sql = `SELECT ${"[".repeat(2 ** 20)} 'S3CR3T'`
  expect(shown("microsoft.sql_server", sql)).toBe(`${sql.slice(0, 16 * 1024)}…`)
  expect(shown("microsoft.sql_server", "SELECT [ 'S3CR3T'")).toBe("SELECT [ ?")
})
