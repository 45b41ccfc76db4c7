// The route of Koa, which its routers leave on the context, and what its middleware throws. No span of its own.
import type { Instrumentation } from "../row.ts"
import { exchangeOf } from "./http-exchange.ts"

interface KoaContext {
  readonly req: object
  /** Set by @koa/router and koa-router: a string, or a regular expression. */
  readonly _matchedRoute?: unknown
}

interface Application {
  prototype: { createContext: (this: object, request: object, response: object) => KoaContext }
}

interface ContextPrototype {
  onerror: (this: KoaContext, thrown: unknown) => void
}

const versions = [">=2.0.0 <4"]

export function instrumentKoa(): Instrumentation {
  return {
    patches: [
      { module: "koa/lib/application.js", versions, patch: patchApplication },
      { module: "koa/lib/context.js", versions, patch: patchContext },
    ],
  }
}

function patchApplication({ prototype }: Application): void {
  const { createContext } = prototype
  prototype.createContext = function (request, response) {
    const context = createContext.call(this, request, response)
    const exchange = exchangeOf(request)
    if (exchange !== undefined) {
      exchange.beforeEnd = () => {
        if (context._matchedRoute !== undefined) exchange.setRoute(String(context._matchedRoute))
      }
    }
    return context
  }
}

function patchContext(context: ContextPrototype): void {
  const { onerror } = context
  Object.assign(context, {
    onerror(this: KoaContext, thrown: unknown) {
      exchangeOf(this.req)?.recordError(thrown)
      onerror.call(this, thrown)
    },
  })
}
