// For NestJS: an interceptor for sessions and routes, and a way to let an exception filter report what it gets.
import { captureError, serverSpan } from "../context/capture-error.ts"
import { type Headers, nameRoute, nameSession } from "./request.ts"

interface Subscriber {
  next(value: unknown): void
  error(error: unknown): void
  complete(): void
}
interface Observable {
  readonly constructor: unknown
  subscribe(subscriber: Subscriber): unknown
}
type ObservableClass = new (subscribe: (subscriber: Subscriber) => unknown) => Observable

interface ExecutionContext {
  getType(): string
  switchToHttp(): { getRequest(): unknown }
}
interface CallHandler {
  handle(): unknown
}

/** As Express's request and Fastify's have it. */
interface NestRequest {
  readonly method?: string
  readonly headers?: Headers
  readonly route?: { readonly path?: unknown }
  readonly routeOptions?: { readonly url?: string }
}

export interface NestOptions {
  /** The session of a request, where the app knows it; asked after guards. */
  readonly session?: (request: never) => string | undefined
}

/** `app.useGlobalInterceptors(new ClickstackInterceptor())` */
export class ClickstackInterceptor {
  readonly #session: ((request: unknown) => unknown) | undefined

  constructor(options: NestOptions = {}) {
    this.#session = options.session as ((request: unknown) => unknown) | undefined
  }

  // oxlint-disable-next-line no-explicit-any -- whatever observable the app's own copy of rxjs makes
  intercept(context: ExecutionContext, next: CallHandler): any {
    if (context.getType() === "http") {
      const request = context.switchToHttp().getRequest() as NestRequest
      const route = request.routeOptions?.url ?? request.route?.path
      const span = serverSpan()
      if (span !== undefined && typeof route === "string") nameRoute(span, request.method ?? "GET", route)
      nameSession(this.#session, request)
    }
    const source = next.handle() as Observable
    return new (source.constructor as ObservableClass)((subscriber) =>
      source.subscribe({
        next: (value) => subscriber.next(value),
        error: (error) => {
          captureError(error)
          subscriber.error(error)
        },
        complete: () => subscriber.complete(),
      }),
    )
  }
}

// oxlint-disable-next-line no-explicit-any -- what a mixin's class must take
type Filter = new (...args: any[]) => { catch(exception: any, host: any): any }

/**
 * An exception filter that also records what it catches, be it thrown by a guard, a pipe or a handler:
 * `app.useGlobalFilters(new (capturing(BaseExceptionFilter))(app.getHttpAdapter()))`
 */
export function capturing<F extends Filter>(filter: F): F {
  return class extends filter {
    override catch(exception: unknown, host: unknown): unknown {
      captureError(exception)
      return super.catch(exception, host) as unknown
    }
  }
}
