// The official ClickHouse clients, @clickhouse/client and @clickhouse/client-web: one span for each query, from the call
// to the end of its result, and a traceparent on each query's own request, so that the server's spans hang below ours.
// The request itself is not a span of its own: it would say the same twice. A trace that is not sampled sends no
// traceparent, since ClickHouse records a trace whatever the flag says.
import type { Attributes, Span } from "@opentelemetry/api"
import { findAppPackage } from "../../app-package.ts"
import { isSampled } from "../../context/sampled.ts"
import { api, core } from "../../opentelemetry.ts"
import { currentPropagation } from "../../stand-ins.ts"
import type { Instrumentation, InstrumentationContext, Patch } from "../row.ts"
import { createOperation, type Operation, type Summarised } from "./operation.ts"
import { clickhouse, rememberWithoutLiterals } from "../../redaction/sql-literals.ts"
import { summaryOf, type SqlSummary } from "./sql.ts"

const clientKind = 2 // SpanKind.CLIENT
const longestKept = 2_048

/** What is used of the client's; private there, so all of it may be missing. */
interface Client {
  readonly tracer?: object
  readonly connectionParams?: {
    readonly url?: URL
    readonly database?: string
    readonly clickhouse_settings?: Readonly<Record<string, unknown>>
  }
}

interface QueryParams {
  readonly query?: string
  readonly table?: string
  readonly http_headers?: Readonly<Record<string, string>>
  readonly clickhouse_settings?: Readonly<Record<string, unknown>>
}

type Method = (this: Client, params: QueryParams) => Promise<Summarised>

const methods = ["query", "command", "exec", "insert"] as const
type Prototype = Record<(typeof methods)[number], Method> & { [patchedKey]?: true }

const patchedKey = Symbol.for("@clickstack/node patched")

export function instrumentClickhouse(context: InstrumentationContext): Instrumentation {
  const trace = traceWith(context)
  const silent = new WeakSet<object>()
  const patch: Patch["patch"] = ({ ClickHouseClient }: { ClickHouseClient?: { prototype: object } }) => {
    const prototype = ClickHouseClient && baseOf(ClickHouseClient.prototype)
    if (prototype === undefined || prototype[patchedKey] === true) return
    prototype[patchedKey] = true
    for (const name of methods) {
      const original = prototype[name]
      prototype[name] = function (params) {
        // With a tracer of the app's own, the spans are that one's, and the traceparent its request's.
        const { tracer } = this
        const isTraced = tracer !== undefined && !silent.has(tracer)
        return isTraced ? original.call(this, params) : trace(this, name, original, params)
      }
    }
  }
  // From 1.20 on the client tells when a result was read to its end.
  const versions = [">=1.20.0 <2"]
  // The class that has the methods is in a file of its own; the client for Node.js exports one that inherits from it.
  const modules = [
    "@clickhouse/client",
    "@clickhouse/client/dist/common/client.js",
    "@clickhouse/client-web/dist/common/client.js",
  ]
  // What a client has that was given no tracer.
  const findSilent: Patch["patch"] = ({ NoopClickHouseTracer: noop }: { NoopClickHouseTracer?: object }) => {
    if (noop !== undefined) silent.add(noop)
  }
  const tracing = [
    "@clickhouse/client/dist/common/tracing.js",
    "@clickhouse/client-web/dist/common/tracing.js",
  ]
  return {
    patches: [
      ...modules.map((module) => ({ module, versions, patch })),
      ...tracing.map((module) => ({ module, versions, patch: findSilent })),
    ],
  }
}

/** The class that has the methods: what the packages export inherits from it. */
function baseOf(prototype: object): Prototype | undefined {
  let found: object | undefined
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    if (methods.every((name) => Object.hasOwn(one, name))) found = one
  }
  return found as Prototype | undefined
}

function traceWith({ config }: InstrumentationContext) {
  const { clickhouseQueryText, clickhouseLogComment } = config.instrumentation
  const { context: contexts, trace } = api()
  const { isTracingSuppressed, suppressTracing } = core()
  const tracer = trace.getTracer("@clickstack/node/clickhouse")
  const summarise = remembering(summaryOf)
  const sanitise = config.capture.sqlLiterals
    ? (sql: string) => sql
    : (sql: string) => rememberWithoutLiterals(sql, clickhouse)
  const places = new WeakMap<object, Place>()
  let service: string | undefined

  const placeOf = (client: Client): Place => {
    let place = places.get(client)
    if (place === undefined) places.set(client, (place = describePlace(client)))
    return place
  }

  return function (
    client: Client,
    method: string,
    original: Method,
    params: QueryParams,
  ): Promise<Summarised> {
    const parent = contexts.active()
    if (isTracingSuppressed(parent)) return original.call(client, params)
    const { attributes: known, host } = placeOf(client)
    const { operation, table } =
      method === "insert" ? { operation: "INSERT", table: params?.table } : summarise(params?.query ?? "")
    const summary = table === undefined ? operation : `${operation} ${table}`
    const attributes: Attributes = { ...known, "db.operation.name": operation, "db.query.summary": summary }
    if (table !== undefined) attributes["db.collection.name"] = table
    if (clickhouseQueryText && method !== "insert") {
      attributes["db.query.text"] = sanitise(params?.query ?? "")
    }
    const span = tracer.startSpan(summary || "clickhouse", { kind: clientKind, attributes }, parent)
    const within = trace.setSpan(parent, span)
    let sent = params
    if (isSampled(span.spanContext())) {
      const headers: Record<string, string> = {}
      currentPropagation().outgoing(within, host, (name: string, value: string) => (headers[name] = value))
      // What the app itself sends with a query wins.
      sent = { ...params, http_headers: { ...headers, ...params?.http_headers } }
    }
    if (clickhouseLogComment) sent = withComment(client, sent, span)
    const told = createOperation(span, {
      streams: method === "query" || method === "exec",
      showsText: clickhouseQueryText,
    })
    return contexts.with(suppressTracing(within), run, undefined, client, original, sent, told)
  }

  function withComment(client: Client, params: QueryParams, span: Span): QueryParams {
    const own = params?.clickhouse_settings?.["log_comment"]
    if ((own ?? client.connectionParams?.clickhouse_settings?.["log_comment"]) !== undefined) return params
    const { traceId, spanId } = span.spanContext()
    service ??= config.service ?? findAppPackage().name
    const comment = JSON.stringify({ trace_id: traceId, span_id: spanId, service })
    return { ...params, clickhouse_settings: { ...params?.clickhouse_settings, log_comment: comment } }
  }
}

/** The method finds the operation where its client has a tracer, and every other query keeps its own. */
async function run(
  client: Client,
  original: Method,
  params: QueryParams,
  told: Operation,
): Promise<Summarised> {
  const withTracer = Object.create(client, { tracer: { value: told.tracer } }) as Client
  try {
    const result = await original.call(withTracer, params)
    told.answered(result)
    return result
  } catch (error) {
    told.failed(error)
    throw error
  }
}

interface Place {
  readonly attributes: Attributes
  /** As a URL has it. */
  readonly host: string
}

function describePlace({ connectionParams: { url, database } = {} }: Client): Place {
  const attributes: Attributes = { "db.system.name": "clickhouse" }
  if (typeof database === "string") attributes["db.namespace"] = database
  if (url instanceof URL) {
    attributes["server.address"] = url.hostname
    attributes["server.port"] = Number(url.port) || (url.protocol === "https:" ? 443 : 80)
  }
  return { attributes, host: url instanceof URL ? url.host : "" }
}

/** Apps ask the same again and again, in other values at most. */
function remembering(fn: (sql: string) => SqlSummary): (sql: string) => SqlSummary {
  const known = new Map<string, SqlSummary>()
  return (sql) => {
    if (sql.length > longestKept) return fn(sql)
    let result = known.get(sql)
    if (result === undefined) {
      if (known.size >= 500) known.clear()
      known.set(sql, (result = fn(sql)))
    }
    return result
  }
}
