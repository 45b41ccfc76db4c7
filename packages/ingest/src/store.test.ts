import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Engine } from "./engines/engine.ts"
import { IngestError } from "./errors.ts"
import { type Share, shareOf } from "./exporters.ts"
import { resolveOptions } from "./options.ts"
import { type Store, createStore } from "./store.ts"
import type { TableName } from "./tables.ts"

interface Row {
  readonly n: number
}

const columns: Record<string, string> = {
  Timestamp: "DateTime64(9)",
  Body: "String",
  SeverityNumber: "UInt8",
  TraceId: "String",
  SpanId: "String",
  SpanName: "LowCardinality(String)",
}

/** A ClickHouse whose tables have `columns`, that says what it was asked and fails as told. */
function createDouble(options: { createTables?: boolean } = {}) {
  const asked: string[] = []
  const stored: [table: string, body: string][] = []
  const double = {
    asked,
    stored,
    columns: { ...columns },
    refuse: (_bodies: readonly string[], _table: string): IngestError | undefined => undefined,
    describeFails: undefined as IngestError | undefined,
    store: undefined as unknown as Store,
  }
  const engine: Engine = {
    where: "a test's engine",
    insert({ table, blocks }) {
      const lines = Buffer.concat(blocks).toString().trimEnd().split("\n")
      const bodies = lines.map((line) => {
        const { Body, SpanName } = JSON.parse(line) as { Body?: string; SpanName?: string }
        return Body ?? SpanName ?? ""
      })
      asked.push(`insert ${bodies.length} into ${table}`)
      const refusal = double.refuse(bodies, table)
      if (refusal !== undefined) return Promise.reject(refusal)
      stored.push(...bodies.map((body) => [table, body] as [string, string]))
      return Promise.resolve()
    },
    command({ sql }) {
      asked.push(sql.split(/\s*\(/)[0] ?? "")
      return Promise.resolve()
    },
    async *query({ sql }) {
      asked.push(sql)
      await Promise.resolve()
      if (sql.startsWith("DESCRIBE")) {
        if (double.describeFails !== undefined) throw double.describeFails
        yield Object.entries(double.columns).map(([name, type]) => ({ name, type, default_type: "" }))
      }
      if (sql.includes("version()")) yield [{ version: "26.7.1.1" }]
    },
    close: () => Promise.resolve(),
  }
  const url = "http://localhost:8123/otel"
  double.store = createStore(
    engine,
    resolveOptions({ url, format: "JSONEachRow", retryForMs: 0, ...options }),
  )
  return double
}

const logs = (count: number, from = 0): Row[] => Array.from({ length: count }, (_, n) => ({ n: from + n }))

function share(table: TableName, rows: readonly Row[], more: object = {}): Share {
  const text = ({ n }: Row) => `row ${n}`
  const name = table === "otel_traces" ? { SpanName: text } : { Body: text }
  return shareOf(table, rows, { Timestamp: () => [1, 0], ...name, ...more }, () => [1, 0])
}

const bodies = (stored: readonly [string, string][]): string[] => stored.map(([, body]) => body)
const bodiesOf = (rows: readonly Row[]): string[] => rows.map(({ n }) => `row ${n}`)

const away = new IngestError("UNREACHABLE", "away", { retryable: true })
const badRow = new IngestError("BAD_ROW", "bad row")
const mismatch = new IngestError("SCHEMA_MISMATCH", "columns have changed", { retryable: true })

const warnings: string[] = []

beforeEach(() => {
  warnings.length = 0
  const ignore = () => {}
  const logger: DiagLogger = {
    debug: ignore,
    info: ignore,
    verbose: ignore,
    error: ignore,
    warn: (text) => warnings.push(text),
  }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
})

afterEach(() => {
  diag.disable()
})

test("reads a table's columns once, and writes into its quoted name", async () => {
  const { store, asked, stored } = createDouble()
  expect(await store.batch([share("otel_logs", logs(2))])).toBe(0)
  expect(await store.batch([share("otel_logs", logs(1, 2))])).toBe(0)
  expect(asked).toEqual([
    "DESCRIBE TABLE `otel`.`otel_logs`",
    "insert 2 into `otel`.`otel_logs`",
    "insert 1 into `otel`.`otel_logs`",
  ])
  expect(bodies(stored)).toEqual(["row 0", "row 1", "row 2"])
  expect(store.stats()).toEqual({ otel_logs: { stored: 3, rejected: 0 } })
})

test("leaves out what the table has no column for, and says so once", async () => {
  const { store, stored } = createDouble()
  const more = { EventName: () => "login" }
  await store.batch([share("otel_logs", logs(1), more)])
  await store.batch([share("otel_logs", logs(1, 1), more)])
  expect(stored).toHaveLength(2)
  expect(warnings).toEqual([
    "clickstack: a test's engine: the table `otel`.`otel_logs` has no column EventName, so it is not stored; " +
      "add the column to keep it",
  ])
})

test("counts the rows that are refused, and says why once a minute", async () => {
  const double = createDouble()
  double.refuse = (rows) => (rows.includes("row 1") || rows.includes("row 5") ? badRow : undefined)
  expect(await double.store.batch([share("otel_logs", logs(4))])).toBe(1)
  expect(await double.store.batch([share("otel_logs", logs(4, 4))])).toBe(1)
  expect(double.store.stats()).toEqual({ otel_logs: { stored: 6, rejected: 2 } })
  expect(warnings).toEqual(["clickstack: a test's engine: 1 rows for otel_logs cannot be stored: bad row"])
})

test("reads the columns again when they have changed, and stores the rows under the new ones", async () => {
  const double = createDouble()
  await double.store.batch([share("otel_logs", logs(1))])
  double.refuse = () => {
    double.refuse = () => undefined
    delete double.columns["SeverityNumber"]
    return mismatch
  }
  await double.store.batch([share("otel_logs", logs(2, 1), { SeverityNumber: () => 9 })])
  expect(bodies(double.stored)).toEqual(["row 0", "row 1", "row 2"])
  expect(double.asked.filter((sql) => sql.startsWith("DESCRIBE"))).toHaveLength(2)
  expect(warnings[0]).toContain("has no column SeverityNumber")
})

test("reads the columns again after they could not be read", async () => {
  const double = createDouble()
  double.describeFails = away
  const rows = logs(1)
  await expect(double.store.batch([share("otel_logs", rows)])).rejects.toBe(away)
  double.describeFails = undefined
  expect(await double.store.batch([share("otel_logs", rows)])).toBe(0)
  expect(bodies(double.stored)).toEqual(["row 0"])
})

describe("a batch that is exported again", () => {
  test("stores only the rest", async () => {
    const double = createDouble()
    const rows = logs(25_000)
    let inserts = 0
    double.refuse = () => (++inserts === 2 ? away : undefined)
    const batch = () => double.store.batch([share("otel_logs", rows)])
    await expect(batch()).rejects.toBe(away)
    expect(double.stored).toHaveLength(10_000)
    expect(double.store.stats()).toEqual({ otel_logs: { stored: 10_000, rejected: 0 } })
    expect(await batch()).toBe(0)
    expect(bodies(double.stored)).toEqual(bodiesOf(rows))
    expect(double.store.stats()).toEqual({ otel_logs: { stored: 25_000, rejected: 0 } })
  })

  test("stores only the tables that were not reached", async () => {
    const double = createDouble()
    double.refuse = (_rows, table) => (table.includes("hyperdx") ? away : undefined)
    const shares = [
      share("otel_logs", logs(2)),
      share("hyperdx_sessions", logs(2, 2)),
      share("otel_traces", logs(2, 4)),
    ]
    await expect(double.store.batch(shares)).rejects.toBe(away)
    expect(bodies(double.stored)).toEqual(["row 0", "row 1"])
    double.refuse = () => undefined
    expect(await double.store.batch(shares)).toBe(0)
    expect(bodies(double.stored)).toEqual(["row 0", "row 1", "row 2", "row 3", "row 4", "row 5"])
  })

  test("stores only the rest also where the columns could not be read a second time", async () => {
    const double = createDouble()
    const rows = logs(15_000)
    let inserts = 0
    double.refuse = () => {
      if (++inserts !== 2) return undefined
      double.describeFails = away
      return mismatch
    }
    await expect(double.store.batch([share("otel_logs", rows)])).rejects.toBe(away)
    expect(double.store.stats()).toEqual({ otel_logs: { stored: 10_000, rejected: 0 } })
    double.describeFails = undefined
    expect(await double.store.batch([share("otel_logs", rows)])).toBe(0)
    expect(bodies(double.stored)).toEqual(bodiesOf(rows))
  })

  test("is told of the rows that were rejected before, and counts them once", async () => {
    const double = createDouble()
    const rows = logs(4)
    const shares = [share("otel_logs", rows), share("otel_traces", logs(1, 4))]
    double.refuse = (some, table) =>
      some.includes("row 1") ? badRow : table.includes("traces") ? away : undefined
    await expect(double.store.batch(shares)).rejects.toBe(away)
    double.refuse = () => undefined
    expect(await double.store.batch(shares)).toBe(1)
    expect(bodies(double.stored)).toEqual(["row 0", "row 2", "row 3", "row 4"])
    expect(double.store.stats()).toEqual({
      otel_logs: { stored: 3, rejected: 1 },
      otel_traces: { stored: 1, rejected: 0 },
    })
  })

  test("is known by its data points, which are wrapped anew each time", async () => {
    const double = createDouble()
    const points = [{ value: 1 }, { value: 2 }]
    const shares = () => [
      shareOf(
        "otel_logs",
        points.map((point) => ({ point })),
        { Body: (one: { point: { value: number } }) => `row ${one.point.value}` },
        () => [1, 0],
      ),
      share("otel_traces", logs(1)),
    ]
    double.refuse = (_rows, table) => (table.includes("traces") ? away : undefined)
    await expect(double.store.batch(shares())).rejects.toBe(away)
    double.refuse = () => undefined
    await double.store.batch(shares())
    expect(bodies(double.stored).filter((body) => body !== "row 0")).toEqual(["row 1", "row 2"])
  })
})

describe("createTables", () => {
  test("creates what is missing before the first batch, once", async () => {
    const { store, asked } = createDouble({ createTables: true })
    await store.batch([share("otel_logs", logs(1))])
    await store.batch([share("otel_logs", logs(1, 1))])
    expect(asked.filter((sql) => sql.startsWith("CREATE TABLE"))).toHaveLength(8)
    expect(asked.at(-1)).toBe("insert 1 into `otel`.`otel_logs`")
  })

  test("is tried again with the next batch where it failed", async () => {
    const double = createDouble({ createTables: true })
    double.describeFails = away
    const rows = logs(1)
    await expect(double.store.batch([share("otel_logs", rows)])).rejects.toBe(away)
    double.describeFails = undefined
    await double.store.batch([share("otel_logs", rows)])
    expect(bodies(double.stored)).toEqual(["row 0"])
  })

  test("returns the names of what it created", async () => {
    expect(await createDouble().store.createTables()).toContain("otel_traces")
  })
})
