// Most apps load node:http at their start, many of them for nothing, and what traces it loads OpenTelemetry's API and
// core: 80 files. So that waits for the first request, out or in, or for the SDK to warm up.
import { createRequire } from "../../builtins.ts"
import type { Instrumentation, InstrumentationContext } from "../row.ts"

const require = createRequire(import.meta.url)

type StoreHeader = (this: { _storeHeader: StoreHeader }, ...args: unknown[]) => unknown

export function instrumentHttp(context: InstrumentationContext): Instrumentation {
  let onRequest: ((message: unknown) => void) | undefined
  const start = () => {
    if (onRequest === undefined) {
      const { traceHttp } = require("./http.js") as typeof import("./http.ts")
      onRequest = traceHttp(context)
    }
    return onRequest
  }
  let done = false
  const patch = () => {
    if (done) return
    done = true
    // The first request's body goes by in the very call that writes its head.
    if (context.config.capture.bodies !== "none") start()
    else hookFirstRequest(() => onRequest !== undefined, start)
    process
      .getBuiltinModule("node:diagnostics_channel")
      .subscribe("http.server.request.start", (message) => (onRequest ?? start())(message))
  }
  return {
    patches: [
      { module: "node:http", patch },
      { module: "node:https", patch },
    ],
    warm: start,
  }
}

/** Tracing wraps this method, so the first call goes the whole way once more. */
function hookFirstRequest(isStarted: () => boolean, start: () => void): void {
  const { ClientRequest } = process.getBuiltinModule("node:http")
  const prototype = ClientRequest.prototype as unknown as { _storeHeader: StoreHeader }
  const isOwn = Object.hasOwn(prototype, "_storeHeader")
  const store = prototype._storeHeader
  const first: StoreHeader = function (...args) {
    if (isStarted()) return store.apply(this, args)
    if (prototype._storeHeader === first) {
      if (isOwn) prototype._storeHeader = store
      else Reflect.deleteProperty(prototype, "_storeHeader")
    }
    start()
    return this._storeHeader(...args)
  }
  prototype._storeHeader = first
}
