// Whether ClickHouse's own spans can join the traces: a query is sent as part of a trace, and looked for in the server's
// log of spans.
import { randomBytes } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import type { Ingest, IngestOptions } from "@clickstack/ingest"
import { type Check, ok, warning } from "./check.ts"

// Servers write to the log every 7.5 s, and make it with the first span.
const arrivesWithinMs = 20_000
// Once a server was told to write, which few users may do.
const flushedWithinMs = 2_000

const manual = "clickstack spanlog --help says what it is for"

export async function checkSpanLog(
  ingest: Pick<Ingest, "query" | "command">,
  options: IngestOptions,
): Promise<Check[]> {
  const traceId = randomBytes(16).toString("hex")
  const asked = await ask(options, traceId)
  if (asked !== undefined) return [asked]
  const within = await ingest.command("SYSTEM FLUSH LOGS").then(
    () => flushedWithinMs,
    () => arrivesWithinMs,
  )
  const until = performance.now() + within
  for (;;) {
    const found = await spansOf(ingest, traceId)
    if (typeof found === "number" && found > 0) {
      return [
        ok(
          "span log",
          `${found} spans of ClickHouse's own for a query of ours; clickstack spanlog brings them in`,
        ),
      ]
    }
    if (performance.now() > until) return [missing(found)]
    await delay(250)
  }
}

/** Undefined when the query was answered. */
async function ask({ url, username, password }: IngestOptions, traceId: string): Promise<Check | undefined> {
  if (!URL.canParse(url) || url.startsWith("chdb:")) {
    return warning("span log", "ClickHouse in process opens no traces", "ask a server")
  }
  const place = new URL(url)
  const decoded = (text: string) => decodeURIComponent(text)
  try {
    const response = await fetch(`${place.origin}/?query=SELECT%201`, {
      headers: {
        traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01`,
        "x-clickhouse-user": username ?? (decoded(place.username) || "default"),
        "x-clickhouse-key": password ?? decoded(place.password),
      },
      signal: AbortSignal.timeout(5_000),
    })
    const text = await response.text()
    return response.ok ? undefined : unasked(text.slice(0, 200))
  } catch (error) {
    return unasked(String((error as Error).cause ?? error))
  }
}

const unasked = (why: string): Check =>
  warning(
    "span log",
    `a query with a traceparent was not answered: ${why}`,
    "is something in between that refuses the header?",
  )

/** How many there are, or why that cannot be said. */
async function spansOf(ingest: Pick<Ingest, "query">, traceId: string): Promise<number | Error> {
  try {
    const [row] = await ingest.query<{ n: number }>(
      "SELECT count() AS n FROM system.opentelemetry_span_log WHERE trace_id = toUUID({id:String})",
      { id: traceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") },
    )
    return row?.n ?? 0
  } catch (error) {
    return error as Error
  }
}

function missing(found: number | Error): Check {
  if (found === 0) {
    return warning(
      "span log",
      "a query with a traceparent left no spans in system.opentelemetry_span_log",
      "does a proxy in between remove the header traceparent?",
    )
  }
  const { code, message } = found as Error & { code?: string }
  return code === "TABLE_MISSING"
    ? warning(
        "span log",
        "the server keeps no system.opentelemetry_span_log",
        `add <opentelemetry_span_log> to its configuration; ${manual}`,
      )
    : warning(
        "span log",
        `cannot be read: ${message}`,
        `grant SELECT ON system.opentelemetry_span_log; ${manual}`,
      )
}
