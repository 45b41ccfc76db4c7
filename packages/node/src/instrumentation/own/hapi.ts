// The route of hapi, and what its handlers throw. No span of its own.
import type { Instrumentation } from "../row.ts"
import { exchangeOf } from "./http-exchange.ts"

interface HapiRequest {
  readonly raw: { readonly req: object }
  readonly route: { readonly path: string; readonly method: string }
  readonly response: { readonly _error?: unknown; readonly statusCode?: number } | null
}

interface RequestClass {
  generate: (...args: unknown[]) => HapiRequest
}

export function instrumentHapi(): Instrumentation {
  return {
    patches: [{ module: "@hapi/hapi/lib/request.js", versions: [">=18.0.0 <22"], patch: patchRequest }],
  }
}

function patchRequest(Request: RequestClass): void {
  const { generate } = Request
  Request.generate = function (...args) {
    const request = generate.apply(this, args)
    const exchange = exchangeOf(request.raw.req)
    if (exchange !== undefined) {
      exchange.beforeEnd = () => {
        const { route, response } = request
        // The one for requests that no route matches has a method that no request has.
        if (route.method !== "_special") exchange.setRoute(route.path)
        if ((response?.statusCode ?? 0) >= 500) exchange.recordError(response?._error)
      }
    }
    return request
  }
}
