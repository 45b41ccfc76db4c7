// However a body is cut into chunks, and in whatever encodings these are written: the peer gets its bytes, and the spans of
// both sides its beginning.
import { once } from "node:events"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import { createServer as createSecureServer, request as secureRequest } from "node:https"
import type { Writable } from "node:stream"
import { type Clickstack, init } from "@clickstack/node"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { memory } from "../context/memory.ts"
import { serve } from "../instrumentation/raw-http.ts"
import { certificate } from "../receiver/certificate.ts"

const cap = 64
const kept = memory()
let clickstack: Clickstack
beforeAll(() => {
  clickstack = init({
    ...kept.options,
    metrics: false,
    redact: false,
    capture: { bodies: "both", bodyBytes: cap },
  })
})
afterAll(() => clickstack.shutdown())

interface Written {
  readonly text: string
  /** Lengths of chunks in turn, and what each is written as. */
  readonly cuts: readonly (readonly [length: number, form: "bytes" | "hex" | "base64" | "latin1"])[]
}
const written: fc.Arbitrary<Written> = fc.record({
  text: fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", '"'), minLength: 1, maxLength: 60 }),
  cuts: fc.array(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom("bytes", "hex", "base64", "latin1")),
    { minLength: 1, maxLength: 8 },
  ),
})

function write(to: Writable | ServerResponse, { text, cuts }: Written, endsWithChunk: boolean): void {
  let rest = Buffer.from(text)
  for (const [length, form] of cuts) {
    const chunk = rest.subarray(0, length)
    rest = rest.subarray(length)
    if (form === "bytes") to.write(chunk)
    else to.write(chunk.toString(form), form)
  }
  if (endsWithChunk) return void to.end(rest.toString("hex"), "hex")
  to.write(rest)
  to.end()
}

/** What is to be captured of it. */
function beginning(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= cap) return text
  return `${new TextDecoder().decode(bytes.subarray(0, cap), { stream: true })}…[truncated]`
}

const own = certificate("localhost", { hosts: ["localhost"] })
const type = { "content-type": "text/plain" }

test.each(["http", "https"])("over %s", async (scheme) => {
  let answer: Written & { ends: boolean } = { text: "", cuts: [], ends: false }
  const arrived: string[] = []
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    arrived.push(Buffer.concat((await incoming.toArray()) as Buffer[]).toString())
    response.writeHead(200, type)
    write(response, answer, answer.ends)
  }
  const server = scheme === "http" ? createServer() : createSecureServer({ key: own.key, cert: own.cert })
  await using listening = await serve((...message) => void listener(...message), server)
  const send = scheme === "http" ? request : secureRequest

  await fc.assert(
    fc.asyncProperty(written, written, fc.boolean(), async (asked, answered, ends) => {
      answer = { ...answered, ends }
      kept.spans.length = arrived.length = 0
      const sent = send({
        host: "127.0.0.1",
        port: listening.port,
        method: "POST",
        headers: type,
        agent: false,
        ...(scheme === "https" && { rejectUnauthorized: false }),
      })
      const closed = once(sent, "close")
      write(sent, asked, !ends)
      const [response] = (await once(sent, "response")) as [IncomingMessage]
      const received = Buffer.concat((await response.toArray()) as Buffer[]).toString()
      await closed
      expect([arrived, received]).toEqual([[asked.text], answered.text])
      await expect
        .poll(async () => {
          await clickstack.flush()
          return kept.spans.length
        })
        .toBe(2)
      const bodies = [beginning(asked.text), beginning(answered.text)]
      expect(
        kept.spans.map(({ attributes }) => [
          attributes["http.request.body"],
          attributes["http.response.body"],
        ]),
      ).toEqual([bodies, bodies])
    }),
    { numRuns: 50 },
  )
})
