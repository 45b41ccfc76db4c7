import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { summaryOf, withoutLiterals } from "./sql.ts"

describe("the summary", () => {
  test.each([
    ["SELECT 1", "SELECT", undefined],
    ["select * from orders where id = 7", "SELECT", "orders"],
    ["SELECT a, (SELECT max(x) FROM inner_one) FROM shop.orders AS o JOIN c ON 1", "SELECT", "shop.orders"],
    ["  -- FROM nowhere\n/* INSERT */ SELECT 'FROM texts' FROM `my table`.\"x\"", "SELECT", "my table.x"],
    ["WITH t AS (SELECT * FROM a) SELECT * FROM t", "SELECT", "t"],
    ["SELECT * FROM (SELECT 1)", "SELECT", undefined],
    ["SELECT * FROM numbers(10)", "SELECT", "numbers"],
    ["(SELECT 1) UNION ALL (SELECT 2)", "SELECT", undefined],
    ["INSERT INTO orders (a, b) VALUES (1, 'x')", "INSERT", "orders"],
    ["INSERT INTO TABLE FUNCTION remote('h', db.t) VALUES (1)", "INSERT", "remote"],
    ["CREATE TABLE IF NOT EXISTS a.b (x UInt8) ENGINE = Memory", "CREATE TABLE", "a.b"],
    ["CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE VIEW", "v"],
    ["CREATE MATERIALIZED VIEW v TO t AS SELECT 1", "CREATE VIEW", "v"],
    ["ALTER TABLE t DELETE WHERE 1", "ALTER TABLE", "t"],
    ["DROP TABLE IF EXISTS t", "DROP TABLE", "t"],
    ["TRUNCATE t", "TRUNCATE", "t"],
    ["DELETE FROM t WHERE x = 1", "DELETE", "t"],
    ["SYSTEM FLUSH LOGS", "SYSTEM", undefined],
    ["SHOW TABLES", "SHOW", undefined],
    ["", "", undefined],
    ["'unfinished", "", undefined],
  ])("of %s", (sql, operation, table) => {
    expect(summaryOf(sql)).toEqual({ operation, table })
  })
})

describe("the text without literals", () => {
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
    expect(withoutLiterals(sql)).toBe(text)
  })

  test("never holds what stands in a text or a number, whatever that is", () => {
    const quoted = fc
      .string({ unit: "binary", maxLength: 30 })
      .map((value) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}S3CR3T'`)
    const part = fc.oneof(quoted, fc.constant("31337"), fc.constantFrom("a", "=", ",", "(", ")", "`q`", " "))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = withoutLiterals(`SELECT ${parts.join(" ")}`)
        expect(text).not.toContain("S3CR3T")
        expect(text).not.toContain("31337")
      }),
    )
  })
})
