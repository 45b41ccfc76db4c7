// node:http and node:https, both sides: what they need of the SDK, and the patches.
//
// Our own, because upstream's instrumentation binds every request and response to a context listener by listener,
// builds each attribute object several times and wraps every layer of a framework: `pnpm bench http`.
import type { Propagation } from "../../context/propagation.ts"
import { pathMatcher } from "../path-matcher.ts"
import type { InstrumentationContext } from "../row.ts"
import { traceHttpClients } from "./http-client.ts"
import { createStartSpan, type StartSpan } from "./start-span.ts"
import { createHttpMeasures, type HttpMeasures } from "./http-measures.ts"
import { traceHttpServers } from "./http-server.ts"

export interface HttpContext extends HttpMeasures {
  readonly propagation: () => Pick<Propagation, "incoming" | "outgoing" | "serverTiming">
  /** Begins a span. */
  readonly startSpan: StartSpan
  readonly isIgnoredPath: (path: string) => boolean
  readonly isIgnoredRoute: (route: string) => boolean
}

export function createHttpContext({ config, propagation }: InstrumentationContext): HttpContext {
  const { ignorePaths, ignoreRoutes } = config.instrumentation
  return {
    startSpan: createStartSpan(config),
    propagation,
    isIgnoredPath: pathMatcher(ignorePaths),
    isIgnoredRoute: pathMatcher(ignoreRoutes),
    ...createHttpMeasures(config),
  }
}

/** Gives what is to be told of each request that comes in. */
export function traceHttp(given: InstrumentationContext): (message: unknown) => void {
  const context = createHttpContext(given)
  traceHttpClients(context)
  return traceHttpServers(context)
}
