// A ClickHouse server that traces its queries. chDB opens no trace by itself, so in front of the real engine stands a
// server of ours that does what ClickHouse does with a traceparent: it writes spans into system.opentelemetry_span_log.
import { randomBytes } from "node:crypto"
import { createServer, request } from "node:http"
import { createIngest } from "@clickstack/ingest"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { createSpanLogTable, insertSpans, type LoggedSpan } from "../ingest/span-log-rows.ts"

export interface TracingClickHouse {
  readonly url: string
  readonly clickHouse: ClickHouse
  /** The traceparent headers of the queries, in the order in which they came. */
  readonly traceparents: readonly (string | undefined)[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function startTracingClickHouse(): Promise<TracingClickHouse> {
  const clickHouse = await startClickHouse()
  const behind = new URL(clickHouse.url)
  const log = createIngest(clickHouse.url)
  await createSpanLogTable(log, "newest")
  const traceparents: (string | undefined)[] = []

  const server = createServer((incoming, outgoing) => {
    const header = incoming.headers["traceparent"]
    const traceparent = typeof header === "string" ? header : undefined
    traceparents.push(traceparent)
    const startUs = Date.now() * 1000
    const chunks: Buffer[] = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => {
      const body = Buffer.concat(chunks)
      const { host: _, traceparent: __, "transfer-encoding": ___, ...headers } = incoming.headers
      const forwarded = request(
        {
          host: behind.hostname,
          port: behind.port,
          method: incoming.method,
          path: incoming.url,
          headers: { ...headers, "content-length": body.length },
        },
        (answer) => {
          const answered = () => {
            outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
            answer.pipe(outgoing)
          }
          if (traceparent === undefined) return answered()
          const sql = new URL(incoming.url ?? "/", behind).searchParams.get("query") ?? body.toString()
          // A real server writes them 7.5 s later; here they are there with the answer.
          insertSpans(log, "newest", spansOf(traceparent, sql, startUs)).then(answered, (error: unknown) =>
            outgoing.destroy(error as Error),
          )
        },
      )
      forwarded.on("error", (error) => outgoing.destroy(error))
      forwarded.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const url = new URL(clickHouse.url)
  url.port = String(port)
  return {
    url: url.href.replace(/\/$/, ""),
    clickHouse,
    traceparents,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await log.close()
      await clickHouse.close()
    },
  }
}

/** As a server writes them: the handler, the query under it, and a processor under that. */
function spansOf(traceparent: string, sql: string, startUs: number): LoggedSpan[] {
  // Other lengths a server ignores.
  const [, traceId, parentSpanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent) ?? []
  if (traceId === undefined || parentSpanId === undefined) return []
  const [handler, query, processor] = [newId(), newId(), newId()]
  const finishUs = Date.now() * 1000 + 900
  const span = (id: string, parent: string, name: string, attributes = {}): LoggedSpan => ({
    traceId,
    spanId: id,
    parentSpanId: parent,
    name,
    kind: name === "HTTPHandler" ? "SERVER" : "INTERNAL",
    startUs,
    finishUs,
    host: "ch-1",
    status: "OK",
    message: "",
    attributes,
  })
  return [
    span(processor, query, "MergeTreeSelect(pool: ReadPool, algorithm: Thread)"),
    span(query, handler, "query", { "clickhouse.query_id": newId(), "db.statement": sql }),
    span(handler, parentSpanId, "HTTPHandler", { "clickhouse.uri": "/?query=..." }),
  ]
}

const newId = () => randomBytes(8).toString("hex")
