// A plugin for Fastify 4 and 5: `await app.register(plugin)`, before the routes.
import { captureError } from "../context/capture-error.ts"
import { type Headers, nameSession, type OpenRequest, openRequest, runInRequest } from "./request.ts"

export interface FastifyRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly routeOptions?: { readonly url?: string | undefined } | undefined
  readonly routerPath?: string
}

interface FastifyReply {
  readonly statusCode: number
  readonly raw: { prependOnceListener(event: string, listener: () => void): unknown }
}

type Done = (error?: Error) => void

export interface FastifyInstance {
  addHook(name: "onRequest", hook: (request: never, reply: never, done: Done) => void): unknown
  addHook(name: "preHandler", hook: (request: never, reply: never, done: Done) => void): unknown
  addHook(name: "onError", hook: (request: never, reply: never, error: Error, done: Done) => void): unknown
}

export interface FastifyOptions {
  /** The session of a request, where the app knows it; asked before the handler, after authentication. */
  readonly session?: (request: never) => string | undefined
}

function register(app: FastifyInstance, options: FastifyOptions, done: Done): void {
  const open = new WeakMap<object, OpenRequest>()
  app.addHook("onRequest", (request: FastifyRequest, reply: FastifyReply, next: Done) => {
    const opened = openRequest(request)
    open.set(request, opened)
    const end = () => opened.end(routeOf(request), reply.statusCode)
    reply.raw.prependOnceListener("finish", end)
    reply.raw.prependOnceListener("close", end)
    runInRequest(opened, next)
  })
  // Again, because a body that has been read continues in the context of its socket.
  app.addHook("preHandler", (request: FastifyRequest, _reply: FastifyReply, next: Done) => {
    const opened = open.get(request)
    if (opened === undefined) return next()
    runInRequest(opened, () => {
      nameSession(options.session as ((request: unknown) => unknown) | undefined, request)
      next()
    })
  })
  app.addHook("onError", (request: FastifyRequest, _reply: FastifyReply, error: Error, next: Done) => {
    captureError(error, open.get(request)?.span)
    next()
  })
  done()
}

/** As `fastify-plugin` marks a plugin: its hooks are for the app that registers it, not for itself alone. */
export const plugin: (app: FastifyInstance, options: FastifyOptions, done: Done) => void = Object.assign(
  register,
  { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "@clickstack/node" },
)

function routeOf(request: FastifyRequest): string | undefined {
  const { routeOptions } = request
  return routeOptions === undefined ? request.routerPath : routeOptions.url
}
