// The options of startReceiver, checked and completed into one frozen value: inside nothing is optional.
import { isIP } from "node:net"
import type { ReceivedLogRecord, ReceivedMetrics, ReceivedSpan } from "./currency.ts"
import { ReceiverError } from "./receiver-error.ts"
import type { Sink } from "./sink.ts"

export interface ReceiverOptions {
  /** The address to listen on: 127.0.0.1 unless told otherwise. Others than loopback need `auth`. */
  host?: string
  /** The port of OTLP/HTTP: 4318, 0 for any free one, false for none. */
  httpPort?: number | false
  /** The port of OTLP/gRPC, 0 for any free one. Without it there is none, and grpc-js is not loaded. */
  grpcPort?: number
  /**
   * The token or tokens that a sender must show, as `authorization: TOKEN` or `authorization: Bearer TOKEN`, or a
   * function that judges the token. `false` lets everybody in, also on an address that others can reach.
   */
  auth?: string | readonly string[] | ((token: string) => boolean | Promise<boolean>) | false
  tls?: TlsOptions
  /** Origins whose pages may send from a browser, such as "https://app.example.com"; "*" for all. None by default. */
  allowedOrigins?: readonly string[]
  /** Names that a sender may call this receiver by, beside its address and, on loopback, localhost. */
  allowedHosts?: readonly string[]
  limits?: Partial<Limits>
  /** Where data goes. A signal without a sink is refused: 404, UNIMPLEMENTED. */
  traces?: Sink<ReceivedSpan>
  logs?: Sink<ReceivedLogRecord>
  metrics?: Sink<ReceivedMetrics>
  /** Told of what is worth a log line here: sinks that fail. Senders get an answer without its details. */
  onError?: (error: ReceiverError) => void
}

export interface TlsOptions {
  key: string | Uint8Array
  cert: string | Uint8Array
  /** Certificates that client certificates must be signed by. */
  ca?: string | Uint8Array
  /** Refuse whoever shows no certificate signed by `ca`. */
  requireClientCertificate?: boolean
}

export interface Limits {
  /** Bytes of one request after decompression: 64 MiB. */
  bodyBytes: number
  /** Bytes of one request as sent: 64 MiB. */
  compressedBytes: number
  /** Bytes of all requests being received or handled at once: 256 MiB. */
  inFlightBytes: number
  /** Memory of the process, up to which a request is taken beside others: none. */
  residentBytes: number
  /** Requests of one signal that its sink is given at once: 64. */
  requests: number
  /** Connections at once, for HTTP and gRPC each: 4096. */
  connections: number
  /** A connection without complete request headers is closed after this: 10 s. */
  headersTimeoutMillis: number
  /** A request that has not arrived completely is given up after this: 30 s. */
  bodyTimeoutMillis: number
  /** A connection without a request is closed after this: 30 s. */
  idleTimeoutMillis: number
  /** How long close() waits for requests that are being handled: 5 s. */
  closeTimeoutMillis: number
  /** Seconds after which a refused sender is told to try again: 5. */
  retryAfterSeconds: number
}

const MiB = 1024 * 1024

export const defaultLimits: Readonly<Limits> = Object.freeze({
  bodyBytes: 64 * MiB,
  compressedBytes: 64 * MiB,
  inFlightBytes: 256 * MiB,
  residentBytes: Infinity,
  requests: 64,
  connections: 4096,
  headersTimeoutMillis: 10_000,
  bodyTimeoutMillis: 30_000,
  idleTimeoutMillis: 30_000,
  closeTimeoutMillis: 5_000,
  retryAfterSeconds: 5,
})

export interface ReceiverConfig {
  readonly host: string
  readonly loopback: boolean
  readonly httpPort: number | undefined
  readonly grpcPort: number | undefined
  readonly auth: readonly string[] | ((token: string) => boolean | Promise<boolean>) | undefined
  readonly tls: TlsOptions | undefined
  readonly allowedOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  readonly limits: Readonly<Limits>
  readonly sinks: {
    readonly traces: Sink<ReceivedSpan> | undefined
    readonly logs: Sink<ReceivedLogRecord> | undefined
    readonly metrics: Sink<ReceivedMetrics> | undefined
  }
  readonly onError: (error: ReceiverError) => void
}

const known = [
  "host",
  "httpPort",
  "grpcPort",
  "auth",
  "tls",
  "allowedOrigins",
  "allowedHosts",
  "limits",
  "traces",
  "logs",
  "metrics",
  "onError",
]

export function resolveOptions(options: ReceiverOptions): ReceiverConfig {
  refuseUnknown(options, known, "option")
  const host = options.host ?? "127.0.0.1"
  if (typeof host !== "string" || host === "") throw wrong("host", host, 'an address such as "127.0.0.1"')
  const loopback = isLoopback(host)
  const tls = tlsFrom(options.tls)
  const auth = authFrom(options.auth)
  if (!loopback && auth === undefined && options.auth !== false && tls?.requireClientCertificate !== true) {
    throw new ReceiverError(
      "BAD_OPTION",
      `host ${host} can be reached from other machines: set auth to a token, tls.requireClientCertificate, ` +
        "or auth: false to let everybody in",
    )
  }
  const httpPort = options.httpPort === false ? undefined : portFrom("httpPort", options.httpPort ?? 4318)
  const grpcPort = options.grpcPort === undefined ? undefined : portFrom("grpcPort", options.grpcPort)
  if (httpPort === undefined && grpcPort === undefined) {
    throw new ReceiverError("BAD_OPTION", "httpPort is false and there is no grpcPort: nothing to listen on")
  }
  return Object.freeze({
    host,
    loopback,
    httpPort,
    grpcPort,
    auth,
    tls,
    allowedOrigins: originsFrom(options.allowedOrigins),
    allowedHosts: namesFrom("allowedHosts", options.allowedHosts),
    limits: limitsFrom(options.limits),
    sinks: Object.freeze({
      traces: sinkFrom("traces", options.traces),
      logs: sinkFrom("logs", options.logs),
      metrics: sinkFrom("metrics", options.metrics),
    }),
    onError: options.onError ?? (() => {}),
  })
}

function refuseUnknown(value: object, names: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new ReceiverError("BAD_OPTION", `unknown ${what} "${unknown}"; there are ${names.join(", ")}`)
}

function portFrom(name: string, port: unknown): number {
  if (typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw wrong(name, port, "a port from 0 to 65535")
}

/** As browsers spell them: without a path, and without the port that the scheme has anyhow. */
function originsFrom(value: readonly string[] | undefined): readonly string[] {
  const origins = namesFrom("allowedOrigins", value).map((name) =>
    name.replace(/\/$/, "").replace(/^(http:\/\/[^/]*):80$|^(https:\/\/[^/]*):443$/, "$1$2"),
  )
  const bad = origins.find((name) => !/^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^/?#@]+)$/.test(name))
  if (bad === undefined) return Object.freeze(origins)
  throw wrong("allowedOrigins", bad, 'origins such as "http://localhost:3000", or "*"')
}

function authFrom(auth: ReceiverOptions["auth"]): ReceiverConfig["auth"] {
  if (auth === undefined || auth === false) return undefined
  if (typeof auth === "function") return auth
  const tokens = typeof auth === "string" ? [auth] : auth
  if (
    Array.isArray(tokens) &&
    tokens.length > 0 &&
    tokens.every((token) => typeof token === "string" && token)
  ) {
    return Object.freeze([...tokens])
  }
  // The value itself may be a secret, or half of one.
  throw new ReceiverError("BAD_OPTION", "auth must be a token, a list of tokens, a function, or false")
}

function tlsFrom(tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined
  refuseUnknown(tls, ["key", "cert", "ca", "requireClientCertificate"], "option of tls")
  if (!tls.key || !tls.cert) throw new ReceiverError("BAD_OPTION", "tls needs both key and cert, in PEM")
  if (tls.requireClientCertificate && !tls.ca) {
    throw new ReceiverError(
      "BAD_OPTION",
      "tls.requireClientCertificate needs tls.ca, what the certificates are signed by",
    )
  }
  return Object.freeze({ ...tls })
}

function limitsFrom(limits: Partial<Limits> = {}): Readonly<Limits> {
  refuseUnknown(limits, Object.keys(defaultLimits), "limit")
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw wrong(`limits.${name}`, value, "a whole number above 0")
    }
  }
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  return Object.freeze({ ...defaultLimits, ...given })
}

function namesFrom(name: string, names: readonly string[] = []): readonly string[] {
  if (Array.isArray(names) && names.every((item) => typeof item === "string")) {
    return Object.freeze(names.map((item) => item.toLowerCase()))
  }
  throw wrong(name, names, "a list of strings")
}

function sinkFrom<T>(name: string, sink: Sink<T> | undefined): Sink<T> | undefined {
  if (sink === undefined || typeof sink === "function" || typeof sink.raw === "function") return sink
  throw wrong(name, sink, "a function (data, context), or { raw } with one")
}

function wrong(name: string, value: unknown, wanted: string): ReceiverError {
  return new ReceiverError(
    "BAD_OPTION",
    `${name} must be ${wanted}, not ${JSON.stringify(value) ?? String(value)}`,
  )
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
}
