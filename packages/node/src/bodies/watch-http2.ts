// Sees the bodies of node:http2's streams pass by, both sides.
import type { Http2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2"
import { type Followed, followedKey } from "../instrumentation/own/followed.ts"
import { replaceMethod } from "./replace-method.ts"
import type { BodyHead } from "./span-bodies.ts"

type Headers = IncomingHttpHeaders | OutgoingHttpHeaders

/** In the registry, because an app may hold several copies of this package, of which the first watches. */
const receivedKey: unique symbol = Symbol.for("@clickstack/node received headers")

type Noted = { [receivedKey]?: Headers }
type Stream = Http2Stream & Noted & { [followedKey]?: Followed }

/** What came with the stream: the stream itself tells only what was sent. */
export function noteHeaders(stream: object, headers: Headers): void {
  ;(stream as Noted)[receivedKey] = headers
}

/** Once for each class. */
export function watchHttp2Bodies(prototype: object): void {
  for (const name of ["write", "end"] as const) {
    replaceMethod(
      prototype,
      name,
      (original) =>
        function (this: Stream, chunk, encoding, callback) {
          const isOpen = !this.writableEnded && !this.destroyed
          const result = original.call(this, chunk, encoding, callback)
          if (isOpen && isChunk(chunk)) this[followedKey]?.bodies?.addSent(this, headOfSent, chunk, encoding)
          return result
        },
    )
  }
  replaceMethod(
    prototype,
    "push",
    (original) =>
      function (this: Stream, chunk, encoding) {
        if (isChunk(chunk)) this[followedKey]?.bodies?.addReceived(this, headOfReceived, chunk, encoding)
        return original.call(this, chunk, encoding)
      },
  )
}

const isChunk = (chunk: unknown) => typeof chunk === "string" || chunk instanceof Uint8Array

const headOfSent = (stream: Stream): BodyHead => headOf(stream.sentHeaders)
const headOfReceived = (stream: Stream): BodyHead => headOf(stream[receivedKey])

/** Those that are sent are spelled as the app spells them. */
function headOf(headers: Headers | undefined): BodyHead {
  const found: Record<string, string> = {}
  for (const name in headers) found[name.toLowerCase()] = String(headers[name])
  return { type: found["content-type"], encoding: found["content-encoding"] }
}
