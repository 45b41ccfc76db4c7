import { describe, expect, test } from "vitest"
import type { Engine } from "./engines/engine.ts"
import { logFields } from "./rows/logs.ts"
import { gaugeFields } from "./rows/metrics.ts"
import { spanFields } from "./rows/traces.ts"
import { type TableName, columnsOf } from "./tables.ts"
import { type Target, fit, qualified, readTarget } from "./target.ts"

const targetOf = (table: TableName): Map<string, string> =>
  new Map(columnsOf(table).map(({ name, type }) => [name, type]))

const without = (target: Target, ...names: string[]): Target =>
  new Map([...target].filter(([name]) => !names.includes(name)))
const withTypes = (target: Target, types: Record<string, string>): Target =>
  new Map([...target, ...Object.entries(types)])

/** Names and declared types of what would be sent. */
const sent = (table: TableName, fields: object, target: Target) =>
  new Map(fit(table, fields as never, target).fields.map(({ name, column }) => [name, column.type]))

test("ClickStack's own tables take every field", () => {
  for (const [table, fields] of [
    ["otel_traces", spanFields],
    ["otel_logs", logFields],
    ["otel_metrics_gauge", gaugeFields],
  ] as const) {
    expect(fit(table, fields as never, targetOf(table)).missing).toEqual([])
    expect([...sent(table, fields, targetOf(table)).keys()].sort()).toEqual(Object.keys(fields).sort())
  }
})

test("only the fields that the rows have are sent", () => {
  const fields = { Timestamp: () => 0n, Body: () => "x" }
  expect(sent("otel_logs", fields, targetOf("otel_logs"))).toEqual(
    new Map([
      ["Timestamp", "DateTime64(9)"],
      ["Body", "String"],
    ]),
  )
})

test("what the table has no column for is left out and named", () => {
  const { fields, missing } = fit(
    "otel_logs",
    logFields as never,
    without(targetOf("otel_logs"), "EventName", "ScopeAttributes"),
  )
  expect(missing).toEqual(["ScopeAttributes", "EventName"])
  expect(fields.map(({ name }) => name)).not.toContain("EventName")
})

test("a table that has none of the columns is not the right one", () => {
  expect(() => fit("otel_logs", logFields as never, new Map([["id", "UInt64"]]))).toThrow(
    expect.objectContaining({
      code: "SCHEMA_MISMATCH",
      retryable: true,
      message: "the table for otel_logs has none of its columns; name the right one with `tableNames`",
    }),
  )
})

describe("times are declared as what the table has, since a DateTime64 does not fit into a DateTime as it is", () => {
  test.each([
    ["DateTime", "DateTime"],
    ["DateTime('UTC')", "DateTime"],
    ["DateTime64(9)", "DateTime64(9)"],
    ["DateTime64(3, 'UTC')", "DateTime64(9)"],
    ["Nullable(DateTime64(9))", "DateTime64(9)"],
    ["LowCardinality(DateTime)", "DateTime"],
  ])("%s gets %s", (type, declared) => {
    expect(
      sent("otel_logs", logFields, withTypes(targetOf("otel_logs"), { Timestamp: type })).get("Timestamp"),
    ).toBe(declared)
    expect(
      sent(
        "otel_metrics_gauge",
        gaugeFields,
        withTypes(targetOf("otel_metrics_gauge"), { TimeUnix: type }),
      ).get("TimeUnix"),
    ).toBe(declared)
  })

  test("also in arrays", () => {
    const gauge = (type: string) =>
      sent(
        "otel_metrics_gauge",
        gaugeFields,
        withTypes(targetOf("otel_metrics_gauge"), { "Exemplars.TimeUnix": type }),
      )
    expect(gauge("Array(DateTime64(9))").get("Exemplars.TimeUnix")).toBe("Array(DateTime64(9))")
    expect(gauge("Array(DateTime)").get("Exemplars.TimeUnix")).toBe("Array(DateTime)")
  })
})

describe("the collector's JSON mode", () => {
  const target = withTypes(targetOf("otel_logs"), {
    LogAttributes: "JSON",
    LogAttributesKeys: "Array(LowCardinality(String))",
    ResourceAttributes: "JSON(max_dynamic_paths=100)",
    ScopeAttributes: "Object('json')",
  })
  const pathsOf = (attributes: unknown): unknown => {
    const field = fit("otel_logs", logFields as never, target).fields.find(
      ({ name }) => name === "LogAttributesKeys",
    )
    return field?.of({ attributes })
  }

  test("gets JSON text, and the paths where there is a column for them", () => {
    const types = sent("otel_logs", logFields, target)
    expect(["LogAttributes", "ResourceAttributes", "ScopeAttributes"].map((name) => types.get(name))).toEqual(
      ["String", "String", "String"],
    )
    expect(types.get("LogAttributesKeys")).toBe("Array(String)")
    expect(types.has("ResourceAttributesKeys")).toBe(false)
    const { fields } = fit("otel_logs", logFields as never, target)
    const attributes = fields.find(({ name }) => name === "LogAttributes")
    expect(attributes?.column.json({ b: 1, a: "x" })).toBe('{"a":"x","b":1}')
  })

  test.each<[unknown, string[]]>([
    [{ c: 2, a: { b: 1, d: { e: 1 } } }, ["a.b", "a.d.e", "c"]],
    [{ a: [1, { b: 1 }], "x.y": null }, ["a", "x.y"]],
    [{ "a.b": 1, a: { b: 2 } }, ["a.b"]],
    [{}, []],
    [undefined, []],
    [{ m: new Map([["k", 1]]), e: {} }, ["m.k"]],
  ])("the paths of %o are %o", (attributes, paths) => {
    expect(pathsOf(attributes)).toEqual(paths)
  })

  test("the paths of cyclic, deep and throwing values end where their text does", () => {
    const cyclic: Record<string, unknown> = { a: 1 }
    cyclic["self"] = cyclic
    expect(pathsOf(cyclic)).toEqual(["a", "self"])
    let deep: unknown = 1
    for (let level = 0; level < 20_000; level++) deep = { d: deep }
    expect(pathsOf({ deep })).toHaveLength(1)
    const throwing = {
      get a(): never {
        throw new Error("boom")
      },
    }
    expect(pathsOf({ ok: 1, throwing })).toEqual(["ok", "throwing"])
  })

  test("also in the attributes of events", () => {
    const events = withTypes(targetOf("otel_traces"), { "Events.Attributes": "Array(JSON)" })
    expect(sent("otel_traces", spanFields, events).get("Events.Attributes")).toBe("Array(String)")
  })
})

test("reads what an insert may fill: not what is computed", async () => {
  const kinds = ["", "DEFAULT", "EPHEMERAL", "MATERIALIZED", "ALIAS"]
  const asked: unknown[] = []
  const engine = {
    async *query(query: unknown) {
      asked.push(query)
      await Promise.resolve()
      yield kinds.slice(0, 2).map((kind) => ({ name: `c${kind}`, type: "String", default_type: kind }))
      yield kinds.slice(2).map((kind) => ({ name: `c${kind}`, type: "JSON", default_type: kind }))
    },
  } as unknown as Engine
  expect(await readTarget(engine, "`db`.`t`")).toEqual(
    new Map([
      ["c", "String"],
      ["cDEFAULT", "String"],
      ["cEPHEMERAL", "JSON"],
    ]),
  )
  expect(asked).toEqual([{ sql: "DESCRIBE TABLE `db`.`t`", params: {} }])
})

test("quotes a table with its database", () => {
  expect(qualified("my db", "a`b")).toBe("`my db`.`a\\`b`")
})
