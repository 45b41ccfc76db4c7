// The route of Fastify 4 and 5, and what its handlers throw, by hooks as any plugin would add them: Fastify tells of each
// app that is made on a diagnostics channel.
import type { Instrumentation } from "../row.ts"
import { exchangeOf } from "./http-exchange.ts"

const channel = "fastify.initialization"

interface Request {
  readonly raw: object
  readonly is404: boolean
  readonly routeOptions: { readonly url?: string }
  readonly [key: symbol]: { readonly config?: { readonly url?: string } } | undefined
}
type Done = () => void

interface Fastify {
  addHook(name: "onRequest", hook: (request: Request, reply: unknown, done: Done) => void): void
  addHook(
    name: "onError",
    hook: (request: Request, reply: unknown, thrown: unknown, done: Done) => void,
  ): void
}

interface Made {
  readonly fastify: Fastify
}

const seen = new WeakSet<Fastify>()

export function instrumentFastify(): Instrumentation {
  return {
    patches: [
      {
        module: `channel:${channel}`,
        patch: (first: Made) => {
          addHooks(first)
          process
            .getBuiltinModule("node:diagnostics_channel")
            .subscribe(channel, (message) => addHooks(message as Made))
        },
      },
    ],
  }
}

function addHooks({ fastify }: Made): void {
  let routeKey: symbol | undefined
  // A subscriber that is added while a message is published gets it on some versions of Node and not on others.
  if (seen.has(fastify)) return
  seen.add(fastify)
  fastify.addHook("onRequest", (request, _reply, done) => {
    const exchange = exchangeOf(request.raw)
    if (exchange !== undefined && !request.is404) {
      // `routeOptions` makes and freezes an object of all options, each time; what it is made of is at hand.
      routeKey ??= Object.getOwnPropertySymbols(request).find((key) => key.description === "fastify.context")
      const url = routeKey === undefined ? undefined : request[routeKey]?.config?.url
      exchange.setRoute(url ?? request.routeOptions.url)
    }
    done()
  })
  fastify.addHook("onError", (request, _reply, thrown, done) => {
    exchangeOf(request.raw)?.recordError(thrown)
    done()
  })
}
