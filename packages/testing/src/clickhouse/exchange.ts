// One request on its way, and how the faults that a test has set strike it at each step.
import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Answer } from "./answer.ts"
import type { Counts } from "./engine.ts"
import { ClickHouseException } from "./exception.ts"
import type { ArmedFault, Fault, Faults } from "./faults.ts"
import type { RecordedRequest, RequestKind } from "./request-log.ts"

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The request's own reference to it is gone once the request is destroyed. */
  readonly socket: Socket
  readonly url: URL
  readonly recorded: RecordedRequest
  readonly counts: Counts
  fault: ArmedFault | undefined
}

/** The connection is gone, by a fault: nothing can be answered any more. */
export class ConnectionReset extends Error {}

/** An exception that a test asked for, perhaps under another status than its own. */
export class InjectedException extends ClickHouseException {
  readonly statusAsked: number | undefined

  constructor(fault: Extract<Fault, { exception: number }>) {
    super(fault.exception, fault.message ?? "Injected by the test.")
    this.statusAsked = fault.status
  }
}

/** Looks for a fault, unless one was found before. Returns whether it has found one now. */
export function meetFault(exchange: Exchange, faults: Faults, kind: RequestKind, sql: string): boolean {
  if (exchange.fault !== undefined) return false
  exchange.fault = faults.take(kind, sql)
  exchange.recorded.kind = kind
  exchange.recorded.fault = exchange.fault?.id
  return exchange.fault !== undefined
}

/** When a fault was found: waits, or resets the connection. */
export async function strikeAtOnce(exchange: Exchange): Promise<void> {
  const fault = exchange.fault?.fault
  if (fault === undefined) return
  if (fault.afterwards !== true) await strikeWithTime(exchange, fault)
  if ("reset" in fault && fault.reset === "before") reset(exchange)
}

async function strikeWithTime(exchange: Exchange, fault: Fault): Promise<void> {
  if ("delay" in fault) await sleep(fault.delay)
  if ("hang" in fault) {
    const gone = new AbortController()
    const left = once(exchange.socket, "close", { signal: gone.signal }).catch(() => undefined)
    await Promise.race([exchange.fault?.cleared, left])
    gone.abort()
    // Whoever waits no longer must not have a statement run behind its back.
    if (exchange.socket.destroyed) throw new ConnectionReset()
  }
}

/** With every piece of the body. */
export function strikeInside(exchange: Exchange): void {
  const fault = exchange.fault?.fault
  if (fault !== undefined && "reset" in fault && fault.reset === "inside") reset(exchange)
}

/** When the body was read, and nothing done yet. */
export function strikeBeforeRunning(exchange: Exchange): void {
  const fault = exchange.fault?.fault
  if (fault === undefined) return
  // "inside" also: the body may have been empty, or the fault found only in it.
  if ("reset" in fault && (fault.reset === "inside" || fault.reset === "after")) reset(exchange)
  if ("exception" in fault && fault.afterwards !== true && fault.midway !== true)
    throw new InjectedException(fault)
}

/** When the statement was run, and its answer not ended yet. */
export async function strikeAfterRunning(exchange: Exchange, answer: Answer): Promise<void> {
  const fault = exchange.fault?.fault
  if (fault === undefined) return
  if (fault.afterwards === true) await strikeWithTime(exchange, fault)
  if ("reset" in fault) {
    if (fault.reset === "answer") await answer.flush()
    reset(exchange)
  }
  if ("exception" in fault) {
    if (fault.midway === true) await answer.flush()
    throw new InjectedException(fault)
  }
}

/** With RST, so that the client sees a reset and not an orderly end. */
function reset(exchange: Exchange): never {
  exchange.socket.resetAndDestroy()
  throw new ConnectionReset()
}
