// Sees the bodies of fetch() and undici pass by, where undici's own requests tell of each chunk: below the bodies that the
// app has in its hands, which nothing touches. Node has its copy of undici, an app may have others.
import type { Span } from "@opentelemetry/api"
import { replaceMethod } from "./replace-method.ts"
import type { BodyCapture, BodyHead, SpanBodies } from "./span-bodies.ts"

/** In the registry, because an app may hold several copies of this package, of which the first watches. */
const seenKey: unique symbol = Symbol.for("@clickstack/node bodies")

/** Headers are names and values in turn, or, on old versions, lines; those of an answer are bytes. */
type Headers = string | readonly (string | string[] | Uint8Array)[]

export interface Request {
  readonly headers: Headers
  [seenKey]?: Seen | undefined
}

interface Seen {
  readonly span: Span
  readonly bodies: SpanBodies
  answer: Headers
}

export interface UndiciBodies {
  readonly requestHook: (span: Span, request: Request) => void
  readonly responseHook: (
    span: Span,
    of: { readonly request: Request; readonly response: { readonly headers: Headers } },
  ) => void
  /** Before its span ends. */
  readonly ended: (request: Request) => void
}

export function watchUndiciBodies({ asking }: BodyCapture): UndiciBodies {
  return {
    requestHook: (span, request) => {
      const bodies = asking(span)
      if (bodies === undefined) return
      watch(Object.getPrototypeOf(request) as object)
      request[seenKey] = { span, bodies, answer: [] }
    },
    responseHook: (_span, { request, response }) => {
      const one = request[seenKey]
      if (one !== undefined) one.answer = response.headers
    },
    ended: (request) => {
      const one = request[seenKey]
      if (one === undefined) return
      request[seenKey] = undefined
      one.bodies.end(one.span)
    },
  }
}

/** Once for each copy of undici. What comes is told by onData, since undici 8 by onResponseData. */
function watch(prototype: object): void {
  replaceMethod(
    prototype,
    "onBodySent",
    (original) =>
      function (this: Request, chunk, ...rest) {
        this[seenKey]?.bodies.addSent(this, headOfRequest, chunk)
        return original.call(this, chunk, ...rest)
      },
  )
  for (const name of ["onData", "onResponseData"]) {
    replaceMethod(
      prototype,
      name,
      (original) =>
        function (this: Request, chunk, ...rest) {
          this[seenKey]?.bodies.addReceived(this, headOfAnswer, chunk)
          return original.call(this, chunk, ...rest)
        },
    )
  }
}

const headOfRequest = ({ headers }: Request): BodyHead => headOf(headers)
const headOfAnswer = (request: Request): BodyHead => headOf(request[seenKey]?.answer ?? [])

function headOf(headers: Headers): BodyHead {
  const found: Record<string, string> = {}
  if (typeof headers === "string") {
    for (const line of headers.split("\r\n")) {
      const colon = line.indexOf(":")
      if (colon > 0) found[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
  } else {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      found[String(headers[index]).toLowerCase()] = String(headers[index + 1])
    }
  }
  return { type: found["content-type"], encoding: found["content-encoding"] }
}
