// Middleware for Express 4 and 5.
import { captureError } from "../context/capture-error.ts"
import { type Headers, nameSession, openRequest, runInRequest } from "./request.ts"

export interface ExpressRequest {
  readonly method: string
  readonly url: string
  readonly originalUrl?: string
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown } | undefined
  readonly headers: Headers
}

export interface ExpressResponse {
  readonly statusCode: number
  once(event: string, listener: () => void): unknown
  prependOnceListener(event: string, listener: () => void): unknown
}

type Next = (error?: unknown) => void

export interface ExpressOptions<R extends ExpressRequest = ExpressRequest> {
  /** The session of a request, where the app knows it; what came with the request counts otherwise. */
  readonly session?: (request: R) => string | undefined
}

/** Before the routes, and after what finds out who asks, if `session` needs that. */
export function middleware<R extends ExpressRequest = ExpressRequest>(
  options: ExpressOptions<R> = {},
): (request: R, response: ExpressResponse, next: Next) => void {
  return (request, response, next) => {
    const open = openRequest({
      method: request.method,
      url: request.originalUrl ?? request.url,
      headers: request.headers,
    })
    // Before others, because the server's own instrumentation ends the span there.
    const end = () => open.end(routeOf(request), response.statusCode)
    response.prependOnceListener("finish", end)
    response.prependOnceListener("close", end)
    runInRequest(open, () => {
      nameSession(options.session, request)
      next()
    })
  }
}

/** After the routes, before error handlers of the app's own, which get every error as it is. */
export function errorHandler(): (error: unknown, request: unknown, response: unknown, next: Next) => void {
  // Express knows error handlers by their four parameters.
  return (error, _request, _response, next) => {
    captureError(error)
    next(error)
  }
}

export function routeOf({ baseUrl = "", route }: ExpressRequest): string | undefined {
  const path = route?.path
  if (path === undefined) return undefined
  const text = Array.isArray(path) ? path.map(String).join("|") : String(path)
  return `${baseUrl}${text === "/" && baseUrl !== "" ? "" : text}`
}
