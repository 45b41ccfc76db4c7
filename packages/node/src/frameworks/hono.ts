// Middleware for Hono, the first of an app: `app.use(middleware())`.
import { captureError } from "../context/capture-error.ts"
import { nameSession, openRequest, runInRequest } from "./request.ts"

export interface HonoContext {
  readonly req: {
    readonly method: string
    readonly url: string
    readonly raw: { readonly headers: Iterable<readonly [string, string]> }
    readonly matchedRoutes?: readonly { readonly path: string; readonly method: string }[]
    readonly routePath?: string
  }
  readonly res: { readonly status: number }
  readonly error?: Error | undefined
}

export interface HonoOptions<C extends HonoContext = HonoContext> {
  /** The session of a request, where the app knows it; what came with the request counts otherwise. */
  readonly session?: (context: C) => string | undefined
}

export function middleware<C extends HonoContext = HonoContext>(
  options: HonoOptions<C> = {},
): (context: C, next: () => Promise<void>) => Promise<void> {
  return (context, next) => {
    const { method, url, raw } = context.req
    const { pathname, search, host } = new URL(url)
    const headers: Record<string, string> = { host }
    for (const [name, value] of raw.headers) headers[name] = value
    const open = openRequest({ method, url: pathname + search, headers })
    return runInRequest(open, async () => {
      nameSession(options.session, context)
      await next()
      // Hono has made an answer of the error already, and keeps it here.
      if (context.error !== undefined) captureError(context.error, open.span)
      open.end(routeOf(context), context.res.status)
    })
  }
}

/** The most exact of the patterns that matched; those of middleware end with a star. */
function routeOf({ req }: HonoContext): string | undefined {
  const handler = req.routePath
  if (handler !== undefined && !handler.endsWith("*")) return handler
  return undefined
}
