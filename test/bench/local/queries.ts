// How long the API's questions take over very many rows, which ClickHouse itself makes up: three days of twenty services.
// Every run asks for something else, or ClickHouse would answer from what it remembers of the last one.
import { startLocal } from "@clickstack/local"
import { table } from "../report.ts"
import { fill } from "./fill.ts"

const runs = 20

/** A question by the number of its run. */
const questions: readonly (readonly [what: string, ask: (run: number) => string])[] = [
  ["newest logs", () => "/api/logs"],
  ["errors of a service", (run) => `/api/logs?level=error&service=service-${run}`],
  ["a page of two days ago", (run) => `/api/logs?to=${48 + run}h`],
  ["log attribute, rare", (run) => `/api/logs?attr.user.id=user-${run * 97}`],
  ["the same in one service", (run) => `/api/logs?service=service-3&attr.user.id=user-${run * 97}`],
  ["log attribute, nowhere", (run) => `/api/logs?attr.user.id=nobody-${run}`],
  ["resource attribute", (run) => `/api/logs?resource.host.name=node-${run}`],
  ["a common word", (run) => `/api/logs?text=${["emptied", "failed", "payment", "session"][run % 4]}`],
  ["several words", (run) => `/api/logs?text=order ${run * 199_999} took`],
  ["part of a word, rare", (run) => `/api/logs?text=${444_000 + run}`],
  ["part of a word, nowhere", (run) => `/api/logs?text=neverthere${run}`],
  ["the same of a day", (run) => `/api/logs?from=24h&text=notthere${run}`],
  ["logs over a day by level", (run) => `/api/histogram/logs?from=${24 * 60 + run}m&by=level`],
  ["logs over three days", (run) => `/api/histogram/logs?from=${72 * 60 + run}m&by=service`],
  ["a word over a day", (run) => `/api/histogram/logs?from=24h&text=${555_000 + run}`],
  ["an attribute over a day", (run) => `/api/histogram/logs?from=24h&attr.user.id=user-${run * 97}`],
  ["newest traces", () => "/api/traces"],
  ["traces with errors of a service", (run) => `/api/traces?status=error&service=service-${run}`],
  ["slow traces", (run) => `/api/traces?minDurationMs=${980 + run}`],
  ["span attribute, rare", (run) => `/api/traces?attr.user.id=user-${run * 97}`],
  ["span attribute, once", (run) => `/api/traces?attr.url.path=/orders/${run * 9_973}`],
  ["text in spans, once", (run) => `/api/traces?text=orders/${run * 9_973}`],
  ["one trace with its logs", (run) => `/api/traces/${traceId(run * 9_973)}`],
  ["spans over a day by status", (run) => `/api/histogram/traces?from=${24 * 60 + run}m&by=status`],
  ["durations of a day", (run) => `/api/histogram/durations?from=${24 * 60 + run}m`],
  ["services of a day", (run) => `/api/services?from=${24 * 60 + run}m`],
  ["services of three days", (run) => `/api/services?from=${72 * 60 + run}m`],
  ["list of metrics", (run) => `/api/metrics?from=${24 * 60 + run}m`],
  ["one metric", (run) => `/api/metrics/metric-${run}?kind=gauge&service=service-${run}`],
  ["list of sessions", (run) => `/api/sessions?from=${72 * 60 + run}m`],
  ["one session", (run) => `/api/sessions/session-${run}`],
]

const traceId = (number: number) => number.toString(16).padStart(32, "0")

export async function measureQueries(rows: number): Promise<void> {
  await using local = await startLocal({
    memory: true,
    httpPort: 0,
    grpcPort: false,
    uiPort: 0,
    retention: { bytes: false },
  })
  const began = performance.now()
  const counts = await fill((sql) => local.query(sql), rows)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(
    `${rows.toLocaleString("en")} rows (${counts}), made in ${seconds} s; ${runs} runs of each question.\n`,
  )
  const lines: (string | number)[][] = []
  for (const [what, ask] of questions) {
    const times: number[] = []
    const before = process.cpuUsage()
    let found = 0
    for (let run = 0; run < runs; run++) {
      const started = performance.now()
      const response = await fetch(local.url + encodeURI(ask(run)))
      const answer = (await response.json()) as object
      times.push(performance.now() - started)
      if (!response.ok) throw new Error(`${ask(run)} answered ${response.status}`)
      for (const list of Object.values(answer)) if (Array.isArray(list)) found += list.length
    }
    const { user, system } = process.cpuUsage(before)
    times.sort((one, other) => one - other)
    const at = (share: number) => times[Math.ceil(times.length * share) - 1]?.toFixed(0) ?? ""
    const cpuMs = (user + system) / 1000 / runs
    lines.push([what, ask(1), Math.round(found / runs), at(0.5), at(0.95), cpuMs.toFixed(0)])
  }
  console.log(table(["what is asked", "for example", "items", "p50 ms", "p95 ms", "CPU ms"], lines))
}
