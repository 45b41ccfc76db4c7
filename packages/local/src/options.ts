// The options of startLocal, checked and completed into one frozen value: inside nothing is optional.
import { isIP } from "node:net"
import { resolve } from "node:path"
import type { IngestOptions } from "@clickstack/ingest"
import type { ReceiverOptions, TlsOptions } from "@clickstack/receiver"
import { LocalError } from "./local-error.ts"

export interface LocalOptions {
  /**
   * Where the data is kept. Default ".clickstack" in the working directory. Beside `clickhouse` nothing is kept there,
   * and there is no default: it is where `clickstack sql` finds this one.
   */
  dir?: string | undefined
  /** Keep the data only while this runs, and leave `dir` alone. */
  memory?: boolean | undefined
  /** The address to listen on. Default 127.0.0.1; any other than loopback needs `token`. */
  host?: string | undefined
  /** OTLP over HTTP. Default 4318; 0 takes a free port. */
  httpPort?: number | undefined
  /** OTLP over gRPC. Default 4317; 0 takes a free port; false: none. */
  grpcPort?: number | false | undefined
  /** The read-only API. Default 4319; 0 takes a free port; false: none. */
  uiPort?: number | false | undefined
  /** What senders and readers must show in the header `authorization`, with or without `Bearer`. */
  token?: string | undefined
  tls?: TlsOptions | undefined
  /** Pages that may send from a browser, such as "http://localhost:3000". They may not read. */
  allowedOrigins?: readonly string[] | undefined
  /** Names that this may be called by, beside its address and localhost. */
  allowedHosts?: readonly string[] | undefined
  retention?: RetentionOptions | undefined
  /** Store in this ClickHouse server instead of the embedded one. */
  clickhouse?: string | IngestOptions | undefined
  /** Store nothing and pass every request on to this OTLP/HTTP endpoint, as it came. */
  forward?: string | ForwardOptions | undefined
  limits?: ReceiverOptions["limits"]
  /** Told of what somebody should see to: one line each. */
  onWarning?: ((message: string) => void) | undefined
}

export interface RetentionOptions {
  /** Older rows go: hours, or a text such as "7d". Default "7d"; false keeps them. */
  age?: number | string | false | undefined
  /** When the tables take more bytes on disk, their oldest rows go. Default 5 GB; false: no limit. */
  bytes?: number | false | undefined
}

export interface ForwardOptions {
  url: string
  /** Sent with every request, such as `authorization`. What the senders sent in it is not passed on. */
  headers?: Record<string, string> | undefined
}

export interface LocalConfig {
  /** Absolute; undefined when nothing is kept on disk here. */
  readonly dir: string | undefined
  /** Absolute: where one that stores in a server is found; undefined when nowhere. */
  readonly foundIn: string | undefined
  readonly host: string
  readonly loopback: boolean
  readonly httpPort: number
  readonly grpcPort: number | undefined
  readonly uiPort: number | undefined
  readonly token: string | undefined
  readonly tls: TlsOptions | undefined
  readonly allowedOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  /** 0: no limit. */
  readonly retention: { readonly hours: number; readonly bytes: number }
  readonly to:
    | { readonly kind: "embedded" }
    | { readonly kind: "server"; readonly options: IngestOptions }
    | { readonly kind: "forward"; readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  readonly limits: NonNullable<ReceiverOptions["limits"]>
  readonly onWarning: (message: string) => void
}

const known = new Set([
  "dir",
  "memory",
  "host",
  "httpPort",
  "grpcPort",
  "uiPort",
  "token",
  "tls",
  "allowedOrigins",
  "allowedHosts",
  "retention",
  "clickhouse",
  "forward",
  "limits",
  "onWarning",
])

const defaultBytes = 5_000_000_000

export function resolveOptions(options: LocalOptions): LocalConfig {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw bad(`unknown option "${name}"; there are ${[...known].join(", ")}`)
  }
  const to = destination(options)
  const { memory = false, host = "127.0.0.1", token } = options
  if (typeof memory !== "boolean") throw wrong("memory", memory, "true or false")
  if (memory && options.dir !== undefined)
    throw bad("memory keeps nothing in a directory: leave out `dir`, or `memory`")
  if (memory && to.kind !== "embedded")
    throw bad("memory is for the embedded ClickHouse: leave it out beside `clickhouse` and `forward`")
  if (token !== undefined && (typeof token !== "string" || token.length < 8))
    throw bad("token (CLICKSTACK_LOCAL_TOKEN for the command) must be a text of at least 8 characters")
  if (typeof host !== "string" || host === "") throw wrong("host", host, 'an address such as "127.0.0.1"')
  const loopback = isLoopback(host)
  if (!loopback && token === undefined && options.tls?.requireClientCertificate !== true) {
    throw bad(
      `host ${host} can be reached from other machines: set a token that senders and readers must show (CLICKSTACK_LOCAL_TOKEN for the command)`,
    )
  }
  const httpPort = port("httpPort", options.httpPort ?? 4318)
  if (to.kind === "forward" && leadsTo(to.url, host, loopback, httpPort)) {
    throw bad(
      `forward ${to.url.href} leads to this ClickStack itself: name the next one, or give this one another httpPort`,
    )
  }
  return Object.freeze({
    dir: to.kind === "embedded" && !memory ? resolve(options.dir ?? ".clickstack") : undefined,
    foundIn: to.kind === "server" && options.dir !== undefined ? resolve(options.dir) : undefined,
    host,
    loopback,
    httpPort,
    grpcPort: options.grpcPort === false ? undefined : port("grpcPort", options.grpcPort ?? 4317),
    uiPort:
      options.uiPort === false || to.kind === "forward" ? undefined : port("uiPort", options.uiPort ?? 4319),
    token,
    tls: options.tls,
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: (options.allowedHosts ?? []).map((name) => name.toLowerCase()),
    retention: Object.freeze({
      hours: ageHours(options.retention?.age ?? "7d"),
      bytes: bytes(options.retention?.bytes ?? defaultBytes),
    }),
    to,
    limits: options.limits ?? {},
    onWarning: options.onWarning ?? (() => {}),
  })
}

function destination({ clickhouse, forward }: LocalOptions): LocalConfig["to"] {
  if (clickhouse !== undefined && forward !== undefined)
    throw bad("clickhouse stores and forward passes on: give one of them")
  if (clickhouse !== undefined) {
    const options = typeof clickhouse === "string" ? { url: clickhouse } : clickhouse
    if (typeof options.url === "string" && options.url.startsWith("chdb:"))
      throw bad("clickhouse is for servers: for the embedded one give `dir`, or `memory`")
    return { kind: "server", options }
  }
  if (forward === undefined) return { kind: "embedded" }
  const { url, headers = {} } = typeof forward === "string" ? { url: forward } : forward
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw wrong("forward", url, 'an OTLP/HTTP endpoint such as "http://gateway:4318"')
  return { kind: "forward", url: new URL(url), headers }
}

function leadsTo(url: URL, host: string, loopback: boolean, ownPort: number): boolean {
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1")
  const listensOnLoopback = loopback || host === "0.0.0.0" || host === "::"
  return (
    Number(url.port) === ownPort &&
    ownPort !== 0 &&
    (name === host || (listensOnLoopback && isLoopback(name)))
  )
}

/** Hours of a retention; 0 for ever. */
function ageHours(age: number | string | false): number {
  if (age === false) return 0
  const [, count, unit] = /^(\d{1,6})(h|d|w)$/.exec(String(age)) ?? []
  const hours = typeof age === "number" ? age : Number(count) * (unit === "w" ? 168 : unit === "d" ? 24 : 1)
  if (Number.isInteger(hours) && hours > 0 && hours <= 50 * 365 * 24) return hours
  throw wrong("retention.age", age, 'a number of hours or a text such as "36h", "7d" or "4w", or false')
}

function bytes(value: number | false): number {
  if (value === false) return 0
  if (Number.isSafeInteger(value) && value > 0) return value
  throw wrong("retention.bytes", value, "a whole number of bytes above 0, or false")
}

function port(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw wrong(name, value, "a port from 0 to 65535")
}

const bad = (message: string) => new LocalError("BAD_OPTION", message)

const wrong = (name: string, value: unknown, wanted: string) =>
  bad(`${name} must be ${wanted}, not ${JSON.stringify(value) ?? String(value)}`)

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
