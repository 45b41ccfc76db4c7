// The way to the collector, step by step: each step only makes sense when the one before it went well.
import { connect as connectTcp, isIP } from "node:net"
import { connect as connectTls } from "node:tls"
import { type Canary, canaryPayloads } from "./canary.ts"
import { type Check, failed, ok, skipped, warning } from "./check.ts"

export interface CollectorTarget {
  readonly url: URL
  /** What is sent beside the data, the key among it. */
  readonly headers: Readonly<Record<string, string>>
}

const timeoutMs = 5_000

export async function checkCollector(target: CollectorTarget, canary: Canary): Promise<Check[]> {
  const port = await checkPort(target.url)
  if (port.status === "failed") return [port, ...rest("it cannot be reached")]
  const tls = await checkTls(target.url)
  if (tls.status === "failed") return [port, tls, ...rest("its certificate is refused").slice(1)]
  const { check: key, headers, date } = await checkKey(target)
  if (headers === undefined) return [port, tls, key, ...rest("it does not take what is sent").slice(2)]
  return [port, tls, key, checkClock(date), ...(await sendCanary({ ...target, headers }, canary))]
}

const rest = (why: string): Check[] =>
  ["tls", "key", "clock", "span sent", "log sent", "metric sent"].map((name) => skipped(name, why))

const portOf = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80))

const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, "$1")

async function checkPort(url: URL): Promise<Check> {
  const where = `${url.hostname}:${portOf(url)}`
  const error = await attempt((done) => connectTcp({ host: hostOf(url), port: portOf(url) }, done))
  if (error === undefined) return ok("port", `${where} takes connections`)
  const fixes: Record<string, string> = {
    ECONNREFUSED:
      'nothing listens there: start the collector (ClickStack\'s own opens its ports only when its first user exists), or run "clickstack"',
    ENOTFOUND: "there is no such host: check the name in the endpoint",
    ETIMEDOUT: "a firewall or a wrong address: check both",
  }
  return failed("port", `${where} does not take connections: ${error}`, fixes[error] ?? "check the endpoint")
}

/** Undefined for success, else the error's code. */
function attempt(open: (done: () => void) => import("node:net").Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open(() => end(undefined))
    const timer = setTimeout(() => end("ETIMEDOUT"), timeoutMs)
    function end(result: string | undefined) {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}

// An address has no server name in TLS.
const tlsTo = (url: URL) => {
  const host = hostOf(url)
  return { host, port: portOf(url), ...(isIP(host) === 0 && { servername: host }) }
}

async function checkTls(url: URL): Promise<Check> {
  if (url.protocol !== "https:") {
    const local = /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
    if (local) return ok("tls", "none, on this machine")
    return warning(
      "tls",
      `${url.origin} is not encrypted: the key and the data can be read on the way`,
      "use https://",
    )
  }
  const error = await attempt((done) => connectTls(tlsTo(url), done))
  if (error === undefined) return ok("tls", "the certificate is valid")
  const fixes: Record<string, string> = {
    CERT_HAS_EXPIRED: "renew the collector's certificate",
    DEPTH_ZERO_SELF_SIGNED_CERT:
      "it is self-signed: name it in NODE_EXTRA_CA_CERTS or OTEL_EXPORTER_OTLP_CERTIFICATE",
    SELF_SIGNED_CERT_IN_CHAIN:
      "name the authority's certificate in NODE_EXTRA_CA_CERTS or OTEL_EXPORTER_OTLP_CERTIFICATE",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      "the collector must send the certificates in between, or name them in NODE_EXTRA_CA_CERTS",
    ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name: use that name in the endpoint",
  }
  return failed(
    "tls",
    `the certificate is refused: ${error}`,
    fixes[error] ?? "does this port speak TLS? try http://",
  )
}

interface KeyResult {
  check: Check
  /** The headers with which it works. */
  headers: Readonly<Record<string, string>> | undefined
  date: string | null
}

async function checkKey(target: CollectorTarget): Promise<KeyResult> {
  const given = target.headers["authorization"]
  const first = await post(target, "traces", { resourceSpans: [] })
  const result = (check: Check, headers?: Readonly<Record<string, string>>) => ({
    check,
    headers,
    date: first.date,
  })
  if (first.status === 200 && !first.otlp) {
    return result(
      failed(
        "key",
        `${target.url.origin} answered 200, but not as OTLP does: ${first.text.slice(0, 200)}`,
        "another server has this port: give the collector's; 4318 is the usual one",
      ),
    )
  }
  if (first.status === 200) {
    return result(
      ok("key", given === undefined ? "none is asked for" : "the key is accepted"),
      target.headers,
    )
  }
  if (first.status === 404) {
    return result(
      failed(
        "key",
        `${target.url.href} has no /v1/traces`,
        "give the base of the endpoint, without /v1/traces; gRPC's port (4317) is not for HTTP",
      ),
    )
  }
  if (first.status === 0) {
    return result(
      failed(
        "key",
        `${target.url.origin} does not answer as OTLP over HTTP: ${first.text}`,
        "is this its port? 4318 is the usual one, and 4317 is gRPC's",
      ),
    )
  }
  if (first.status !== 401 && first.status !== 403) {
    return result(
      failed(
        "key",
        `the collector answered ${first.status}: ${first.text.slice(0, 200)}`,
        "is this an OTLP/HTTP endpoint? if it is, see the collector's log",
      ),
    )
  }
  if (given === undefined) {
    return result(
      failed(
        "key",
        "the collector asks for a key",
        "set CLICKSTACK_API_KEY to the ingestion key, or for clickstack with a token, to that",
      ),
    )
  }
  const raw = given.replace(/^bearer +/i, "")
  const other = raw === given ? `Bearer ${raw}` : raw
  const headers = { ...target.headers, authorization: other }
  if ((await post({ ...target, headers }, "traces", { resourceSpans: [] })).status === 200) {
    const how = raw === given ? "with Bearer before it" : "without Bearer"
    return result(
      failed("key", `the key is refused (401), but accepted ${how}`, `send the key ${how}`),
      headers,
    )
  }
  return result(
    failed(
      "key",
      "the key is refused (401), with and without Bearer",
      "copy the ingestion key from the team settings again",
    ),
  )
}

function checkClock(date: string | null, now: () => number = Date.now): Check {
  const there = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(there)) return skipped("clock", "the collector does not tell its time")
  const seconds = Math.round((now() - there) / 1000)
  if (Math.abs(seconds) <= 5) return ok("clock", "the same as the collector's, within 5 s")
  const message = `this machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} the collector's`
  return warning("clock", message, "set the clock (NTP): rows with such times are hard to find")
}

async function sendCanary(target: CollectorTarget, canary: Canary): Promise<Check[]> {
  const checks: Check[] = []
  for (const [name, signal, payload] of canaryPayloads(canary)) {
    const { status, text } = await post(target, signal, payload)
    const rejected = /"rejected\w+":\s*"?[1-9]/.test(text)
    checks.push(
      status === 200 && !rejected
        ? ok(`${name} sent`, `accepted, as service clickstack-doctor`)
        : failed(
            `${name} sent`,
            `the collector answered ${status}: ${text.slice(0, 200)}`,
            "see the collector's log",
          ),
    )
  }
  return checks
}

interface Answer {
  status: number
  /** Whether the body can be OTLP's answer to JSON. A page of another server has the status 200, too. */
  otlp: boolean
  text: string
  date: string | null
}

async function post({ url, headers }: CollectorTarget, signal: string, payload: unknown): Promise<Answer> {
  try {
    const response = await fetch(`${url.href.replace(/\/+$/, "")}/v1/${signal}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(payload),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    const encoding = response.headers.get("content-type") ?? ""
    const otlp = encoding.includes("protobuf") || text.trim() === "" || text.trim().startsWith("{")
    return { status: response.status, otlp, text, date: response.headers.get("date") }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error }
    return { status: 0, otlp: false, text: cause?.message ?? message, date: null }
  }
}
