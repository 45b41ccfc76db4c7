// Sees the bodies of node:http and node:https pass by, both sides: what goes out in write() and end() of every message, what
// comes in where Node's parser hands it to the stream. Nothing listens, reads or waits, so streams are as they were.
import type { IncomingMessage, OutgoingMessage } from "node:http"
import { type Followed, followedKey } from "../instrumentation/own/followed.ts"
import type { BodyHead } from "./span-bodies.ts"
import { replaceMethod } from "./replace-method.ts"

/** `_header` is the head as it is sent, the one place that every form of writeHead() and setHeader() ends in. */
type Outgoing = OutgoingMessage & {
  [followedKey]?: Followed
  readonly _header?: string | null
  readonly _hasBody?: boolean
}
type Incoming = IncomingMessage & { [followedKey]?: Followed }

export function watchHttpBodies(): void {
  const { OutgoingMessage: Sent, IncomingMessage: Received } = process.getBuiltinModule("node:http")
  for (const name of ["write", "end"] as const) {
    replaceMethod(
      Sent.prototype,
      name,
      (original) =>
        function (this: Outgoing, chunk, encoding, callback) {
          const isOpen = !this.writableEnded && !this.destroyed
          const result = original.call(this, chunk, encoding, callback)
          // Afterwards, when it was not refused and the head is known. A HEAD, a 204 or a 304 has no body.
          if (isOpen && this._hasBody !== false && isChunk(chunk)) {
            this[followedKey]?.bodies?.addSent(this, headOfSent, chunk, encoding)
          }
          return result
        },
    )
  }
  replaceMethod(
    Received.prototype,
    "push",
    (original) =>
      function (this: Incoming, chunk, encoding, ...rest) {
        // Before, since the app may answer while it hears of it.
        if (isChunk(chunk)) this[followedKey]?.bodies?.addReceived(this, headOfReceived, chunk, encoding)
        return original.call(this, chunk, encoding, ...rest)
      },
  )
}

/** What write() and push() take; end() may be given a callback in its place. */
const isChunk = (chunk: unknown) => typeof chunk === "string" || chunk instanceof Uint8Array

function headOfSent({ _header: head }: Outgoing): BodyHead {
  return { type: field(head, contentType), encoding: field(head, contentEncoding) }
}

function headOfReceived({ headers }: Incoming): BodyHead {
  return { type: headers["content-type"], encoding: headers["content-encoding"] }
}

const contentType = /\r\ncontent-type:[ \t]*([^\r\n]*)/i
const contentEncoding = /\r\ncontent-encoding:[ \t]*([^\r\n]*)/i
const field = (head: string | null | undefined, name: RegExp) => name.exec(head ?? "")?.[1]
