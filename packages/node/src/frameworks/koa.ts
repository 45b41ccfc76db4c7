// Middleware for Koa, the first of an app.
import { captureError } from "../context/capture-error.ts"
import { type Headers, nameSession, openRequest, runInRequest } from "./request.ts"

export interface KoaContext {
  readonly method: string
  readonly originalUrl: string
  readonly headers: Headers
  readonly res: {
    readonly statusCode: number
    prependOnceListener(event: string, listener: () => void): unknown
  }
  /** By @koa/router. */
  readonly _matchedRoute?: unknown
}

export interface KoaOptions<C extends KoaContext = KoaContext> {
  /** The session of a request, where the app knows it; what came with the request counts otherwise. */
  readonly session?: (context: C) => string | undefined
}

export function middleware<C extends KoaContext = KoaContext>(
  options: KoaOptions<C> = {},
): (context: C, next: () => Promise<unknown>) => Promise<void> {
  return (context, next) => {
    const { method, originalUrl: url, headers, res } = context
    const open = openRequest({ method, url, headers })
    const end = () => open.end(routeOf(context), res.statusCode)
    res.prependOnceListener("finish", end)
    res.prependOnceListener("close", end)
    return runInRequest(open, async () => {
      nameSession(options.session, context)
      try {
        await next()
      } catch (error) {
        captureError(error, open.span)
        throw error // as it is: Koa makes its answer of it
      }
    })
  }
}

function routeOf({ _matchedRoute: route }: KoaContext): string | undefined {
  return route === undefined ? undefined : String(route)
}
