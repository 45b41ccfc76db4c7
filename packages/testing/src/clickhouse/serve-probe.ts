// What load balancers ask: /ping, /replicas_status and / answer "Ok." without a user; other paths do not exist.
import { ClickHouseException } from "./exception.ts"
import {
  ConnectionReset,
  type Exchange,
  InjectedException,
  meetFault,
  strikeAtOnce,
  strikeBeforeRunning,
} from "./exchange.ts"
import type { Faults } from "./faults.ts"

const PROBES = new Set(["/", "/ping", "/replicas_status"])

export async function serveProbe(exchange: Exchange, faults: Faults, version: string): Promise<void> {
  const { request, response, url } = exchange
  request.resume()
  try {
    meetFault(exchange, faults, "ping", "")
    await strikeAtOnce(exchange)
    strikeBeforeRunning(exchange)
  } catch (error) {
    if (error instanceof ConnectionReset || !(error instanceof ClickHouseException)) throw error
    exchange.recorded.exception = error.code
    const status = (error instanceof InjectedException ? error.statusAsked : undefined) ?? error.status
    response.writeHead(status, { "X-ClickHouse-Exception-Code": String(error.code) }).end(error.text(version))
    return
  }
  const known = PROBES.has(url.pathname)
  const text = known ? "Ok.\n" : `There is no handle ${url.pathname}\n\nUse / or /ping for health checks.\n`
  response.writeHead(known ? 200 : 404, { "Content-Type": "text/html; charset=UTF-8" })
  response.end(request.method === "HEAD" ? undefined : text)
}
