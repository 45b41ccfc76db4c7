import { describe, expect, test } from "vitest"
import { summaryOf } from "./sql.ts"

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
