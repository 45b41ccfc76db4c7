// The API's one table of routes: a path, the parameters that it knows, and what it reads. All are GET, all only read.
import { LocalError } from "../local-error.ts"
import type { LogFilter, SpanFilter } from "../read/filter.ts"
import type { Reader } from "../read/reader.ts"
import { type Parameters, readParameters } from "./parameters.ts"

interface Route {
  /** A part that begins with a colon stands for one part of the path. */
  readonly path: string
  readonly parameters: readonly string[]
  readonly read: (reader: Reader, parameters: Parameters, part: string) => Promise<unknown>
}

const range = ["from", "to"]
const common = [...range, "service", "trace", "attr.", "resource."]
const ofLogs = [...common, "span", "level", "text"]
const ofSpans = [...common, "name", "text", "status", "minDurationMs", "maxDurationMs"]

const rangeFrom = (query: Parameters) => ({ from: query.text("from"), to: query.text("to") })

const commonFilter = (query: Parameters) => ({
  ...rangeFrom(query),
  service: query.list("service"),
  traceId: query.text("trace"),
  attributes: query.prefixed("attr."),
  resource: query.prefixed("resource."),
})

const logFilter = (query: Parameters): LogFilter => ({
  ...commonFilter(query),
  spanId: query.text("span"),
  level: query.levels("level"),
  text: query.text("text"),
})

const spanFilter = (query: Parameters): SpanFilter => ({
  ...commonFilter(query),
  name: query.text("name"),
  text: query.text("text"),
  status: query.oneOf("status", ["ok", "error", "unset"]),
  minDurationMs: query.number("minDurationMs"),
  maxDurationMs: query.number("maxDurationMs"),
})

const kinds = ["gauge", "sum", "histogram", "exponential_histogram", "summary"] as const

const routes: readonly Route[] = [
  {
    path: "/api/traces",
    parameters: [...ofSpans, "limit"],
    read: async (reader, query) => ({
      traces: await reader.traces({ ...spanFilter(query), limit: query.number("limit") }),
    }),
  },
  {
    path: "/api/traces/:id",
    parameters: [],
    read: async (reader, _query, id) => found(await reader.trace(id), `no trace ${id.slice(0, 64)} is here`),
  },
  {
    path: "/api/logs",
    parameters: [...ofLogs, "limit"],
    read: (reader, query) => reader.logs({ ...logFilter(query), limit: query.number("limit") }),
  },
  {
    path: "/api/histogram/logs",
    parameters: [...ofLogs, "by", "buckets"],
    read: (reader, query) =>
      reader.histogram({
        ...logFilter(query),
        signal: "logs",
        by: query.oneOf("by", ["level", "service"]),
        buckets: query.number("buckets"),
      }),
  },
  {
    path: "/api/histogram/traces",
    parameters: [...ofSpans, "by", "buckets"],
    read: (reader, query) =>
      reader.histogram({
        ...spanFilter(query),
        signal: "traces",
        by: query.oneOf("by", ["status", "service"]),
        buckets: query.number("buckets"),
      }),
  },
  {
    path: "/api/histogram/durations",
    parameters: ofSpans,
    read: async (reader, query) => ({ buckets: await reader.durations(spanFilter(query)) }),
  },
  {
    path: "/api/metrics",
    parameters: range,
    read: async (reader, query) => ({ metrics: await reader.metrics(rangeFrom(query)) }),
  },
  {
    path: "/api/metrics/:name",
    parameters: [...range, "kind", "service", "limit"],
    read: async (reader, query, name) => ({
      points: await reader.metric({
        ...rangeFrom(query),
        name,
        kind: found(query.oneOf("kind", kinds), `say which kind: ${kinds.join(", ")}`, "BAD_REQUEST"),
        service: query.text("service"),
        limit: query.number("limit"),
      }),
    }),
  },
  {
    path: "/api/services",
    parameters: range,
    read: async (reader, query) => ({ services: await reader.services(rangeFrom(query)) }),
  },
  {
    path: "/api/sessions",
    parameters: [...range, "limit"],
    read: async (reader, query) => ({
      sessions: await reader.sessions({ ...rangeFrom(query), limit: query.number("limit") }),
    }),
  },
  {
    path: "/api/sessions/:id",
    parameters: ["limit"],
    read: async (reader, query, id) => ({ events: await reader.session(id, query.number("limit")) }),
  },
]

/** Everything but the live stream. */
export async function answerRoute(reader: Reader, url: URL): Promise<unknown> {
  const parts = url.pathname.split("/")
  for (const route of routes) {
    const wanted = route.path.split("/")
    if (wanted.length !== parts.length) continue
    if (!wanted.every((part, index) => part.startsWith(":") || part === parts[index])) continue
    const part = decode(parts[wanted.findIndex((one) => one.startsWith(":"))] ?? "")
    return route.read(reader, readParameters(url.searchParams, route.parameters), part)
  }
  const known = [...routes.map(({ path }) => path), "/api/live", "/health"].join(", ")
  throw new LocalError("NOT_FOUND", `there is no ${url.pathname.slice(0, 200)}; there are ${known}`)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new LocalError("BAD_REQUEST", "the path has a % that stands for nothing")
  }
}

function found<Value>(
  value: Value | undefined,
  message: string,
  code: "NOT_FOUND" | "BAD_REQUEST" = "NOT_FOUND",
): Value {
  if (value === undefined) throw new LocalError(code, message)
  return value
}
