// What an exporter that is not ours hides: the status and Retry-After of its HTTP requests, read from Node's
// diagnostics channels. Loading this subscribes to nothing; `observed` does, for as long as somebody observes.
import type { ClientRequest, IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { letProcessEnd } from "../let-process-end.ts"
import { parseRetryAfter } from "../retry-after.ts"

const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks")
const { subscribe, unsubscribe } = process.getBuiltinModule("node:diagnostics_channel")

export interface Exchange {
  /** Of the last answer. */
  status?: number
  retryAfter?: number | undefined
  /** Why the last request got none. */
  failure?: unknown
  readonly requests: Set<ClientRequest>
}

export interface ExchangeObserver {
  /** Runs an export; what it requests is told of in `exchange`. */
  run<T>(exchange: Exchange, fn: () => T): T
  close(): void
}

export function observeExchanges(): ExchangeObserver {
  const current = new AsyncLocalStorage<Exchange>()
  const exchanges = new WeakMap<ClientRequest, Exchange>()

  const onStart = (message: unknown) => {
    const { request } = message as { request: ClientRequest }
    const exchange = current.getStore()
    if (exchange === undefined) return
    exchanges.set(request, exchange)
    exchange.requests.add(request)
    const hold = (socket: Socket) => request.once("close", letProcessEnd(socket))
    if (request.socket === null) request.once("socket", hold)
    else hold(request.socket)
    request.once("error", (error) => {
      delete exchange.status
      exchange.failure = error
    })
    request.once("close", () => exchange.requests.delete(request))
  }
  const onAnswer = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage }
    const exchange = exchanges.get(request)
    if (exchange === undefined) return
    delete exchange.failure
    exchange.status = response.statusCode ?? 0
    exchange.retryAfter = parseRetryAfter(response.headers["retry-after"])
  }
  subscribe("http.client.request.start", onStart)
  subscribe("http.client.response.finish", onAnswer)
  return {
    run: (exchange, fn) => current.run(exchange, fn),
    close: () => {
      unsubscribe("http.client.request.start", onStart)
      unsubscribe("http.client.response.finish", onAnswer)
    },
  }
}

export function abandon(exchange: Exchange): void {
  for (const request of exchange.requests) request.destroy(new Error("the attempt's time is over"))
}
