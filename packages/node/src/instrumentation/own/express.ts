// The route of Express 4 and 5, and what its handlers throw. No span of its own: the layers of a request are looked at as
// they are entered, where the pattern is known that led there; `req.baseUrl` has only the path that matched it.
import type { Instrumentation } from "../row.ts"
import { exchangeOf, type HttpExchange } from "./http-exchange.ts"

const patternKey = Symbol("clickstack pattern")

type Next = (given?: unknown) => void
type HandleRequest = (this: Layer, request: object, response: object, next: Next) => unknown
type HandleError = (this: Layer, thrown: unknown, request: object, response: object, next: Next) => unknown

interface Layer {
  readonly route?: object
  [patternKey]?: string
}

interface LayerClass {
  new (path: unknown, options: unknown, handle: unknown): Layer
  prototype: Record<string, HandleRequest | HandleError>
}

export function instrumentExpress(): Instrumentation {
  return {
    patches: [
      {
        module: "express/lib/router/layer.js",
        versions: [">=4.0.0 <5"],
        patch: (layer: LayerClass) => patchLayer(layer, "handle_request", "handle_error"),
      },
      // Express 5 has its router from there.
      { module: "express", versions: [">=5.0.0 <6"], patch: () => undefined },
      {
        module: "router/lib/layer.js",
        versions: [">=2.0.0 <3"],
        patch: (layer: LayerClass) => patchLayer(layer, "handleRequest", "handleError"),
      },
    ],
  }
}

function patchLayer(Layer: LayerClass, handleRequest: string, handleError: string): unknown {
  const { prototype } = Layer
  const enter = prototype[handleRequest] as HandleRequest
  const enterError = prototype[handleError] as HandleError
  if (enter === undefined || enterError === undefined) throw new Error(`its Layer has no ${handleRequest}`)

  prototype[handleRequest] = function (request, response, next) {
    const pattern = this[patternKey] ?? "/"
    const isRoute = this.route !== undefined
    // What is mounted on "/" is passed by every request and leads nowhere.
    const exchange = isRoute || pattern !== "/" ? exchangeOf(request) : undefined
    if (exchange === undefined) return enter.call(this, request, response, next)
    const leave = isRoute ? enterRoute(exchange, pattern) : enterMount(exchange, pattern)
    return enter.call(this, request, response, (given) => {
      leave(given)
      next(given)
    })
  } satisfies HandleRequest

  prototype[handleError] = function (thrown, request, response, next) {
    if (!isSignal(thrown)) exchangeOf(request)?.recordError(thrown)
    return enterError.call(this, thrown, request, response, next)
  } satisfies HandleError

  // The router calls it with and without `new`.
  function PatternedLayer(path: unknown, options: unknown, handle: unknown): Layer {
    const layer = new Layer(path, options, handle)
    layer[patternKey] = patternOf(path)
    return layer
  }
  PatternedLayer.prototype = prototype
  return PatternedLayer
}

function enterMount(exchange: HttpExchange, pattern: string): Next {
  const { mount } = exchange
  exchange.mount = mount + withoutSlash(pattern)
  return (given) => {
    exchange.mount = mount
    if (!isSignal(given)) exchange.recordError(given)
  }
}

function enterRoute(exchange: HttpExchange, pattern: string): Next {
  const { mount, route } = exchange
  exchange.setRoute(mount === "" ? pattern : mount + (pattern === "/" ? "" : pattern))
  return (given) => {
    // A route that passes the request on does not answer it; one that failed does.
    if (isSignal(given)) exchange.route = route
    else exchange.recordError(given)
  }
}

const isSignal = (given: unknown) =>
  given === undefined || given === null || given === "route" || given === "router"

const withoutSlash = (pattern: string) => (pattern.endsWith("/") ? pattern.slice(0, -1) : pattern)

function patternOf(path: unknown): string {
  return Array.isArray(path) ? path.map(patternOf).join(",") : String(path)
}
