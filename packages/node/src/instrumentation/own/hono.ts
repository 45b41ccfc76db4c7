// The route of Hono on Node, and what its handlers throw. Its application is an ES module whose exports cannot be
// replaced, but every handler passes the router's add(), with the pattern that it is for.
import type { Instrumentation } from "../row.ts"
import { exchangeOf, type HttpExchange } from "./http-exchange.ts"

interface HonoContext {
  readonly env?: { readonly incoming?: object }
}
type Handler = (context: HonoContext, next: unknown) => unknown
type Entry = [handler: Handler, registered: { readonly path: string; readonly method: string }]

interface RouterClass {
  prototype: { add: (this: object, method: string, path: string, entry: unknown) => void }
}

/** The two that an application talks to: one chooses among others, the other is for small applications. */
const files = ["router/smart-router/router.js", "router/pattern-router/router.js"]

export function instrumentHono(): Instrumentation {
  return {
    patches: ["dist", "dist/cjs"].flatMap((folder) =>
      files.map((file) => ({
        module: `hono/${folder}/${file}`,
        versions: [">=4.0.0 <5"],
        patch: patchRouter,
      })),
    ),
  }
}

function patchRouter(exports: Record<string, RouterClass>): void {
  for (const { prototype } of Object.values(exports)) {
    const { add } = prototype
    prototype.add = function (method, path, entry) {
      return add.call(this, method, path, isEntry(entry) ? [followed(entry), entry[1]] : entry)
    }
  }
}

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) &&
  typeof entry[0] === "function" &&
  typeof (entry[1] as { path?: unknown } | undefined)?.path === "string"

function followed([handler, { path, method }]: Entry): Handler {
  // Middleware is registered for every method, and mostly for all below a path; it leads to no route of its own.
  const isMiddleware = method === "ALL" && path.endsWith("*")
  return (context, next) => {
    const incoming = context.env?.incoming
    const exchange = incoming === undefined ? undefined : exchangeOf(incoming)
    if (exchange === undefined) return handler(context, next)
    if (!isMiddleware) exchange.setRoute(path)
    return watched(exchange, () => handler(context, next))
  }
}

function watched(exchange: HttpExchange, handle: () => unknown): unknown {
  let result: unknown
  try {
    result = handle()
  } catch (error) {
    exchange.recordError(error)
    throw error
  }
  if (result instanceof Promise) void result.then(undefined, (error: unknown) => exchange.recordError(error))
  return result
}
