// Where each signal's OTLP goes, as the specification builds it, and whether the API key may go there too; and how
// addresses are read, built, and shown without what is secret in them.
import type { Resolved } from "./config.ts"
import type { Protocol } from "./options.ts"
import { type Signal, signals } from "./signals.ts"

const httpDefault = "http://localhost:4318"
const grpcDefault = "http://localhost:4317"

type Endpoints = { endpoint: string } & Record<Signal, Record<string, unknown>>

export function endpointsOf(resolved: ReadonlyMap<string, Resolved>, warnings: string[]): Endpoints {
  const get = (path: string) => resolved.get(path)!
  const upstream = get("delivery").value === false
  const base = get("endpoint").value as string | undefined
  const result = { endpoint: base ?? httpDefault } as Endpoints
  const misplaced = new Map<string, string[]>()

  for (const signal of signals) {
    const own: Record<string, unknown> = {}
    for (const [path, { value }] of resolved) {
      if (path.startsWith(`${signal}.`)) own[path.slice(signal.length + 1)] = value
    }
    const protocol = protocolOf(signal, get, upstream, warnings)
    const secure = own["insecure"] === true ? "http" : "https"
    const given = get(`${signal}.endpoint`)
    const general = get("endpoint")
    const isOwn = given.value !== undefined && given.tier <= general.tier
    const fallback = protocol === "grpc" ? grpcDefault : httpDefault
    const chosen = withScheme(isOwn ? (given.value as string) : (base ?? fallback), protocol, secure)
    own["protocol"] = protocol
    const zstdTrouble = own["compression"] === "zstd" ? whyNoZstd(upstream, protocol) : undefined
    if (zstdTrouble !== undefined) {
      own["compression"] = "gzip"
      warn(warnings, `compression zstd (${get(`${signal}.compression`).source}) is ignored: ${zstdTrouble}`)
    }
    own["endpoint"] =
      protocol === "grpc" ? new URL(chosen).origin : isOwn ? chosen : appendPath(chosen, `v1/${signal}`)
    const keyHome = new URL(withScheme(base ?? fallback, protocol, secure)).origin
    own["sendsApiKey"] = new URL(own["endpoint"] as string).origin === keyHome
    result[signal] = own

    if (get("apiKey").value !== undefined && own["sendsApiKey"] === false) {
      const origin = new URL(own["endpoint"] as string).origin
      misplaced.set(origin, [...(misplaced.get(origin) ?? []), signal])
    }
    warnOfMistakes(isOwn ? `${signal}.endpoint` : "endpoint", chosen, isOwn, protocol, warnings)
  }
  for (const [origin, names] of misplaced) {
    warnings.push(
      `the API key is not sent to ${origin} (${names.join(", ")}), since it belongs to the origin of endpoint; give ${names[0]}.headers an authorization if one is needed`,
    )
  }
  return result
}

function protocolOf(
  signal: Signal,
  get: (path: string) => Resolved,
  upstream: boolean,
  warnings: string[],
): Protocol {
  const { value, source } = get(`${signal}.protocol`) as { value: Protocol | undefined; source: string }
  if (!upstream) return value ?? "http/protobuf"
  if (value !== undefined && value !== "http/json") {
    warn(warnings, `protocol ${value} (${source}) is ignored: with delivery: false OTLP is http/json`)
  }
  return "http/json"
}

/** undefined where bodies can be sent so. To find it out later would be too late: by then there is data to send. */
function whyNoZstd(upstream: boolean, protocol: Protocol): string | undefined {
  if (upstream) return "delivery: false takes gzip or none"
  if (protocol === "grpc") return "grpc takes gzip or none"
  if ("zstdCompress" in process.getBuiltinModule("node:zlib")) return undefined
  return `Node ${process.versions.node} has no zstd, gzip is used; set gzip, or run Node 22.15, 23.8 or later`
}

/** An endpoint such as localhost:4317, which gRPC takes, with the scheme that `insecure` stands for. */
function withScheme(endpoint: string, protocol: Protocol, secure: string): string {
  if (/^https?:\/\//i.test(endpoint)) return endpoint
  return `${protocol === "grpc" ? secure : "http"}://${endpoint}`
}

function warnOfMistakes(
  option: string,
  endpoint: string,
  isOwn: boolean,
  protocol: Protocol,
  warnings: string[],
): void {
  const url = tryParseUrl(endpoint)!
  const shown = printableUrl(endpoint)
  if (!isOwn && protocol !== "grpc" && /\/v1\/(traces|logs|metrics)\/?$/.test(url.pathname)) {
    warn(
      warnings,
      `${option} ${shown} ends in a signal's path, to which another is appended; leave it out, or use traces.endpoint and its like`,
    )
  }
  if (protocol === "grpc" && url.port === "4318") {
    warn(warnings, `${option} ${shown}: 4318 is the port of OTLP over HTTP; gRPC usually listens on 4317`)
  } else if (protocol !== "grpc" && url.port === "4317") {
    warn(
      warnings,
      `${option} ${shown}: 4317 is the port of OTLP over gRPC; HTTP usually listens on 4318, or set protocol to grpc`,
    )
  }
}

function warn(warnings: string[], line: string): void {
  if (!warnings.includes(line)) warnings.push(line)
}

export function tryParseUrl(value: string): URL | undefined {
  try {
    const url = new URL(value)
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined
  } catch {
    return undefined
  }
}

/** Appends a path such as "v1/traces" to a base address, whatever slashes it ends in; its query stays. */
function appendPath(base: string, path: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`
  return url.href
}

/** The address as it may be printed: no user, no password, no values in the query. */
export function printableUrl(address: string): string {
  try {
    const url = new URL(address)
    if (url.username !== "" || url.password !== "") {
      url.username = "***"
      url.password = ""
    }
    for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, "***")
    url.hash = ""
    return url.href
  } catch {
    return address.includes("@") ? "***" : address
  }
}
