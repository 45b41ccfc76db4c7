// For Next.js: `export { onRequestError } from "@clickstack/node/next"` in `instrumentation.ts`.
import { captureError, serverSpan } from "../context/capture-error.ts"
import { type Headers, nameRoute, openRequest } from "./request.ts"

interface FailedRequest {
  readonly path: string
  readonly method: string
  readonly headers: Headers
}
interface ErrorContext {
  readonly routerKind?: string
  /** Such as `/orders/[id]`. */
  readonly routePath?: string
  readonly routeType?: string
}

/** Next.js calls it for every error of a request that it has caught, in routes, pages, actions and middleware. */
export function onRequestError(error: unknown, request: FailedRequest, context: ErrorContext): void {
  const span = serverSpan()
  if (span !== undefined) {
    nameRoute(span, request.method, context.routePath)
    return captureError(error, span)
  }
  // The request's own span has ended, or there was none: the error gets one.
  const open = openRequest({ method: request.method, url: request.path, headers: request.headers })
  captureError(error, open.span)
  open.end(context.routePath, 500)
}
