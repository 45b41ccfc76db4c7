// node:http and node:https, both sides: what they need of the SDK, and the patches.
//
// Our own, because upstream's instrumentation binds every request and response to a context listener by listener,
// builds each attribute object several times and wraps every layer of a framework: `pnpm bench http`.
import { createRequire } from "../../builtins.ts"
import type { BodyCapture } from "../../bodies/span-bodies.ts"
import type { Propagation } from "../../context/propagation.ts"
import { type CapturedHeaders, capturedHeaders } from "../captured-headers.ts"
import { pathMatcher } from "../path-matcher.ts"
import type { InstrumentationContext } from "../row.ts"
import { traceHttpClients } from "./http-client.ts"
import { createStartSpan, type StartSpan } from "./start-span.ts"
import { createHttpMeasures, type HttpMeasures } from "./http-measures.ts"
import { traceHttpServers } from "./http-server.ts"

const require = createRequire(import.meta.url)

export interface HttpContext extends HttpMeasures {
  readonly headers: CapturedHeaders
  readonly propagation: () => Pick<Propagation, "incoming" | "outgoing" | "serverTiming">
  /** Begins a span. */
  readonly startSpan: StartSpan
  /** Undefined when none are captured; then nothing of it is loaded. */
  readonly bodies: BodyCapture | undefined
  readonly isIgnoredPath: (path: string) => boolean
  readonly isIgnoredRoute: (route: string) => boolean
}

export function createHttpContext({ config, propagation }: InstrumentationContext): HttpContext {
  const { ignorePaths, ignoreRoutes } = config.instrumentation
  return {
    startSpan: createStartSpan(config),
    propagation,
    bodies: bodyCapture(config),
    isIgnoredPath: pathMatcher(ignorePaths),
    isIgnoredRoute: pathMatcher(ignoreRoutes),
    headers: capturedHeaders(config.capture),
    ...createHttpMeasures(config),
  }
}

export function bodyCapture({ capture }: InstrumentationContext["config"]): BodyCapture | undefined {
  if (capture.bodies === "none") return undefined
  const { createBodyCapture } =
    require("../../bodies/span-bodies.js") as typeof import("../../bodies/span-bodies.ts")
  return createBodyCapture(capture)
}

/** Gives what is to be told of each request that comes in. */
export function traceHttp(given: InstrumentationContext): (message: unknown) => void {
  const context = createHttpContext(given)
  if (context.bodies !== undefined) {
    const { watchHttpBodies } =
      require("../../bodies/watch-http.js") as typeof import("../../bodies/watch-http.ts")
    watchHttpBodies()
  }
  traceHttpClients(context)
  return traceHttpServers(context)
}
