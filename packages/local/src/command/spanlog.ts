// `clickstack spanlog`: ClickHouse's own spans, from the server's log of them into ClickStack's tables there or to any
// OTLP endpoint; or the statement of the view that needs no process.
import { createHash } from "node:crypto"
import { resolve } from "node:path"
import {
  IngestError,
  type QueryText,
  type SpanLogOptions,
  type SpanLogStats,
  clickhouse,
  createIngest,
  openSpanLog,
  spanLogShapeOf,
  spanLogView,
} from "@clickstack/ingest"
import { LocalError } from "../local-error.ts"
import { otlpSpanSender } from "../otlp-span-sender.ts"
import { nanosOf } from "../read/filter.ts"
import { type Arguments, type Option, badArgument } from "./arguments.ts"
import { clickhouseAccess } from "./clickhouse-access.ts"
import { showWarnings } from "./show-warnings.ts"
import type { Terminal } from "./terminal.ts"

export const spanlogOptions: readonly Option[] = [
  { name: "clickhouse", value: "URL", help: "whose log is read; without --to also where the spans go" },
  {
    name: "to",
    value: "URL",
    help: "send the spans to this OTLP/HTTP endpoint, such as http://localhost:4318",
  },
  { name: "cluster", value: "NAME", help: "read the logs of all servers of this cluster" },
  { name: "only-app", help: "only traces that have spans of an app in the server's otel_traces" },
  { name: "service", value: "NAME", many: true, help: "only traces that have spans of this service there" },
  { name: "since", value: "TIME", help: "begin there: a time, or 15m, 2h, 7d ago (default 15m)" },
  { name: "until", value: "TIME", help: "with --once: end there (default: now)" },
  { name: "once", help: "hand on what is there, and end" },
  { name: "query-text", value: "HOW", help: "of queries: normalized (default: ? for literals), raw, none" },
  { name: "state", value: "PATH", help: "the file that keeps what was handed on (default: in .clickstack)" },
  { name: "ddl", help: "print the view that does the same inside ClickHouse, and end" },
]

export const spanlogEnvironment = `Secrets come from the environment, where other users cannot read them:
  CLICKSTACK_CLICKHOUSE_USER, CLICKSTACK_CLICKHOUSE_PASSWORD   for --clickhouse
  CLICKSTACK_API_KEY               the header authorization for --to
`

const minuteMs = 60_000

export async function spanlog(args: Arguments, terminal: Terminal, stopped: Promise<unknown>): Promise<void> {
  const url = args.text("clickhouse")
  const queryText = queryTextOf(args.text("query-text"))
  if (args.flag("ddl")) return printView(args, terminal, queryText)
  if (url === undefined) throw bad("name the server whose log is to be read: --clickhouse URL")
  if (args.text("until") !== undefined && !args.flag("once")) throw bad("--until goes with --once")
  const since = args.text("since")
  const until = args.text("until")
  const warn = showWarnings(terminal)
  const server = createIngest(clickhouseAccess(url, terminal))
  const { exporter, close } = openExporter(args, terminal, url)
  const log = openSpanLog({
    from: server,
    to: exporter,
    cluster: args.text("cluster"),
    onlyTracesOf: tracesOf(args, server),
    queryText,
    state: stateFile(args, url),
    since: since === undefined ? undefined : millis(since, "since"),
    onWarning: warn,
  })
  void stopped.then(log.close)
  try {
    if (args.flag("once")) {
      const stats = await log.once(until === undefined ? undefined : millis(until, "until"))
      terminal.out(`${summary(stats)}\n`)
    } else await follow()
  } catch (error) {
    throw explained(error)
  } finally {
    await log.close()
    await close()
    await server.close()
  }

  async function follow(): Promise<void> {
    terminal.out(`following the spans of ${server.endpoint}; Ctrl-C ends it\n`)
    let told = log.stats()
    const timer = setInterval(() => {
      const now = log.stats()
      terminal.out(`${summary({ sent: now.sent - told.sent, refused: now.refused - told.refused })}\n`)
      told = now
    }, minuteMs)
    try {
      await log.follow()
    } finally {
      clearInterval(timer)
    }
    terminal.out(`stopped; in all: ${summary(log.stats())}\n`)
  }
}

/** That this table is missing is the server's configuration, and no table of ours. */
function explained(error: unknown): unknown {
  const isMissing =
    error instanceof IngestError &&
    error.code === "TABLE_MISSING" &&
    error.message.includes("system.opentelemetry_span_log")
  return isMissing
    ? new LocalError(
        "NOT_FOUND",
        "the server keeps no system.opentelemetry_span_log: add <opentelemetry_span_log> to its configuration; " +
          '"clickstack doctor --clickhouse URL" tries it',
        { cause: error },
      )
    : error
}

async function printView(args: Arguments, terminal: Terminal, queryText: QueryText): Promise<void> {
  const url = args.text("clickhouse")
  const cluster = args.text("cluster")
  if (url === undefined) return terminal.out(`${spanLogView({ cluster, queryText })};\n`)
  // Its log may be of an older shape.
  const server = createIngest(clickhouseAccess(url, terminal))
  try {
    const columns = await server.query<{ name: string }>("DESCRIBE TABLE system.opentelemetry_span_log")
    const [row] = await server.query<{ database: string }>("SELECT currentDatabase() AS database")
    const names = columns.map(({ name }) => name)
    const shape = spanLogShapeOf(names, `${server.endpoint}, system.opentelemetry_span_log`)
    terminal.out(`${spanLogView({ database: row?.database, cluster, queryText, shape })};\n`)
  } catch (error) {
    throw explained(error)
  } finally {
    await server.close()
  }
}

/** Waiting for a place that is away is the span log's part: it holds the reading up. */
function openExporter(args: Arguments, terminal: Terminal, url: string) {
  const to = args.text("to")
  if (to === undefined) {
    const tables = clickhouse({ ...clickhouseAccess(url, terminal), retryForMs: 0 })
    return { exporter: tables.spans, close: () => tables.close() }
  }
  if (!URL.canParse(to) || !/^https?:$/.test(new URL(to).protocol)) {
    throw bad(`--to must be an OTLP/HTTP endpoint such as http://localhost:4318, not ${JSON.stringify(to)}`)
  }
  const key = terminal.env["CLICKSTACK_API_KEY"]
  return {
    exporter: otlpSpanSender({ url: to, headers: key ? { authorization: key } : {} }),
    close: async () => {},
  }
}

function tracesOf(args: Arguments, tables: SpanLogOptions["from"]): SpanLogOptions["onlyTracesOf"] {
  const services = args.texts("service")
  if (services.length > 0) return { tables, services }
  return args.flag("only-app") ? { tables } : undefined
}

/** What is asked for once has no state, unless one is named: asked again, it is all handed on again. */
function stateFile(args: Arguments, url: string): string | undefined {
  const named = args.text("state")
  if (named !== undefined) return resolve(named)
  if (args.flag("once")) return undefined
  const place = new URL(url)
  const identity = [place.host, args.text("cluster") ?? "", args.text("to") ?? ""].join("\n")
  return resolve(".clickstack", `spanlog-${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`)
}

function queryTextOf(text = "normalized"): QueryText {
  if (text === "normalized" || text === "raw" || text === "none") return text
  throw bad(`--query-text must be normalized, raw or none, not ${JSON.stringify(text)}`)
}

const millis = (text: string, name: string): number => Number(nanosOf(text, name) / 1_000_000n)

const summary = ({ sent, refused }: SpanLogStats): string =>
  `${sent} spans of ClickHouse${refused === 0 ? "" : `; ${refused} refused`}`

const bad = (message: string) => badArgument(message, "clickstack spanlog")
