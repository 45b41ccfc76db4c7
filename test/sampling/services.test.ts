// Two services in a row, into a real ClickHouse: they decide alike, say it on the wire, and what ClickStack counts is what
// was asked.
import type { Options } from "@clickstack/node"
import { describe, expect, test } from "vitest"
import { useTables } from "../clickhouse/use-tables.ts"
import { startServices } from "./services.ts"

const tables = useTables()
let runs = 0
/** The services `shop` and `stock`, each asked as often as told; what ClickHouse has of them. */
async function run(
  [shop, stock]: readonly [Options, Options],
  requests: readonly (readonly [path: string, times: number, headers?: Record<string, string>])[],
  more?: { express: boolean },
) {
  const id = String(++runs)
  const all = [
    { ...shop, service: `shop-${id}` },
    { ...stock, service: `stock-${id}` },
  ]
  const env = {
    CLICKSTACK_CLICKHOUSE_URL: tables.url,
    CLICKSTACK_SPOOL: "false",
    CLICKSTACK_EXIT_BUDGET: "20000",
  }
  await using services = await startServices(all, env, more)
  const seen: { readonly traceparent?: string; readonly tracestate?: string }[] = []
  for (const [path, times, headers] of requests) {
    for (let time = 0; time < times; time++) seen.push((await services.ask(path, headers)).seen[1] ?? {})
  }
  const stats = await services.flush()
  await services.close()
  const rows = await tables.ingest.query<{
    service: string
    kind: string
    path: string
    traces: number
    counted: number
    flags: string[]
  }>(
    `SELECT splitByChar('-', ServiceName)[1] AS service, SpanKind AS kind, SpanAttributes['url.path'] AS path,
       toUInt32(count()) AS traces, toUInt32(sum(SampleRate)) AS counted, groupUniqArray(TraceState) AS states
     FROM otel_traces WHERE endsWith(ServiceName, {id:String}) GROUP BY service, kind, path ORDER BY service, kind, path`,
    { id: `-${id}` },
  )
  const ids = await tables.ingest.query<{ ids: string[] }>(
    `SELECT groupUniqArray(TraceId) AS ids FROM otel_traces WHERE endsWith(ServiceName, {id:String}) AND SpanKind = 'Server'
     GROUP BY ServiceName`,
    { id: `-${id}` },
  )
  return { rows, seen, stats, ids: ids.map((one) => one.ids.toSorted()) }
}
const flag = (traceparent = "") => Number.parseInt(traceparent.slice(-2), 16) & 1

describe("a ratio of one half", () => {
  test("is decided once, by trace id, and counts in both services", async () => {
    const { rows, seen, ids } = await run([{ sampling: { ratio: 0.5 } }, {}], [["/a", 300]])
    const chosen = seen.filter(({ traceparent }) => flag(traceparent) === 1)
    expect(chosen.length).toBeGreaterThan(90)
    expect(chosen.length).toBeLessThan(210)
    for (const { traceparent, tracestate } of seen) {
      const isChosen = Number.parseInt(traceparent!.slice(21, 22), 16) >= 8
      expect([flag(traceparent), tracestate]).toEqual(isChosen ? [1, "ot=th:8"] : [0, undefined])
    }
    const each = { traces: chosen.length, counted: 2 * chosen.length, states: ["ot=th:8"] }
    expect(rows).toEqual([
      { service: "shop", kind: "Client", path: "", ...each },
      { service: "shop", kind: "Server", path: "/a", ...each },
      { service: "stock", kind: "Server", path: "/a", ...each },
    ])
    expect(ids[0]).toEqual(ids[1])
  })

  test("of who began the trace is followed, with its other entries", async () => {
    const headers = {
      traceparent: "00-0af7651916cd43dd84f0000000000000-b7ad6b7169203331-03",
      tracestate: "vendor=1,ot=rv:c0000000000000;th:8",
    }
    const { rows, seen } = await run([{ sampling: { ratio: 0 } }, {}], [["/a", 1, headers]])
    expect(seen[0]!.tracestate).toBe("vendor=1,ot=rv:c0000000000000;th:8")
    expect(rows.map(({ service, counted }) => [service, counted])).toEqual([
      ["shop", 2],
      ["shop", 2],
      ["stock", 2],
    ])
  })
})

test("an error that another service's ratio had not chosen is kept whole, and counts once", async () => {
  const keep = { errors: true }
  const { rows, seen, stats } = await run(
    [{ sampling: { ratio: 0, keep } }, { sampling: { keep } }],
    [
      ["/fine", 20],
      ["/broken", 3],
    ],
  )
  expect(seen.map(({ traceparent, tracestate }) => [flag(traceparent), tracestate])).toEqual(
    seen.map(() => [0, undefined]),
  )
  expect(
    rows.map(({ service, kind, path, traces, counted }) => [service, kind, path, traces, counted]),
  ).toEqual([
    ["shop", "Client", "", 3, 3],
    ["shop", "Server", "/broken", 3, 3],
    ["stock", "Server", "/broken", 3, 3],
  ])
  expect(stats.map(({ produced, delivered, sampling }) => [produced, delivered, sampling!.leftOut])).toEqual([
    [6, 6, 40],
    [3, 3, 20],
  ])
})

test("an error of a trace that was chosen counts once in both, and the others twice", async () => {
  const keep = { errors: true }
  const sampling = { ratio: 0.5, keep }
  const { rows, seen } = await run(
    [{ sampling }, { sampling: { keep } }],
    [
      ["/fine", 40],
      ["/broken", 10],
    ],
  )
  const chosen = seen.slice(0, 40).filter(({ traceparent }) => flag(traceparent) === 1).length
  const servers = rows.filter(({ kind }) => kind === "Server")
  expect(servers.map(({ service, path, counted }) => [service, path, counted])).toEqual([
    ["shop", "/broken", 10],
    ["shop", "/fine", 2 * chosen],
    ["stock", "/broken", 10],
    ["stock", "/fine", 2 * chosen],
  ])
})

test("a limit: the later traces of a burst have their chance, each with the weight of then", async () => {
  const { rows, seen } = await run([{ sampling: { perSecond: 10 } }, {}], [["/a", 200]])
  const counted = rows.map(({ counted: sum }) => sum)
  expect(new Set(counted).size).toBe(1) // in all services alike
  const kept = rows[0]!.traces
  expect(kept).toBeGreaterThanOrEqual(10)
  expect(kept).toBeLessThan(200)
  expect(counted[0]).toBeGreaterThan(kept)
  expect(seen.slice(0, 5).map(({ tracestate }) => tracestate)).toEqual(Array(5).fill("ot=th:0"))
})

describe("rules", () => {
  test("by path: what is left out is nowhere, what is wanted is whole", async () => {
    const rules = [
      { path: "/health", ratio: 0 },
      { path: "/orders/*", ratio: 1 },
    ]
    const { rows, seen } = await run(
      [{ sampling: { ratio: 0, rules } }, {}],
      [
        ["/health", 5],
        ["/orders/7", 5],
        ["/users/7", 5],
      ],
    )
    const servers = rows.filter(({ kind }) => kind === "Server")
    expect(servers.map(({ service, path, traces, counted }) => [service, path, traces, counted])).toEqual([
      ["shop", "/orders/7", 5, 5],
      ["stock", "/orders/7", 5, 5],
    ])
    expect(seen.map(({ traceparent }) => flag(traceparent))).toEqual([
      0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    ])
  })

  test("by route: known before the handler calls another service, which follows", async () => {
    const rules = [
      { route: "/orders/:id", ratio: 1 },
      { route: "/health", ratio: 0 },
    ]
    const { rows, seen } = await run(
      [{ sampling: { ratio: 0.5, rules } }, {}],
      [
        ["/orders/7", 10],
        ["/health", 10],
      ],
      { express: true },
    )
    expect(
      rows.map(({ service, kind, path, traces, counted }) => [service, kind, path, traces, counted]),
    ).toEqual([
      ["shop", "Client", "", 10, 10],
      ["shop", "Server", "/orders/7", 10, 10],
      ["stock", "Server", "/orders/7", 10, 10],
    ])
    expect(seen.map(({ tracestate }) => tracestate)).toEqual([
      ...Array<string>(10).fill("ot=th:0"),
      ...Array<undefined>(10).fill(undefined),
    ])
  })

  test("and ignored routes: those are nowhere, also with an error", async () => {
    const options = { sampling: { keep: { errors: true } }, instrumentation: { ignoreRoutes: ["/health"] } }
    const { rows } = await run(
      [options, options],
      [
        ["/health", 3],
        ["/orders/7", 1],
      ],
      { express: true },
    )
    expect(rows.filter(({ kind }) => kind === "Server").map(({ path, traces }) => [path, traces])).toEqual([
      ["/orders/7", 1],
      ["/orders/7", 1],
    ])
  })
})
