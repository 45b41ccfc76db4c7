// One answer, as ClickHouse's HTTP handler writes it: its headers go out when the first MiB of the result is there or
// with its end, so that an exception until then has its own status, and after that is told in the body.
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Transform, type Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import zlib from "node:zlib"
import type { Counts } from "./engine.ts"
import type { ClickHouseException } from "./exception.ts"

/** A server's buffer before its first byte goes out. */
const HELD_BACK = 1024 * 1024

const CONTENT_TYPES: readonly (readonly [format: RegExp, type: string])[] = [
  [/^(TabSeparated|TSV)/, "text/tab-separated-values; charset=UTF-8"],
  [/^CSVWithNames/, "text/csv; charset=UTF-8; header=present"],
  [/^CSV/, "text/csv; charset=UTF-8; header=absent"],
  [/^JSON.*EachRow/, "application/x-ndjson; charset=UTF-8"],
  [/^JSON/, "application/json; charset=UTF-8"],
  [/^XML$/, "application/xml; charset=UTF-8"],
  [
    /^(Native|RowBinary|Parquet|Arrow|ORC|Avro|Protobuf|CapnProto|MsgPack|BSON|Npy)/,
    "application/octet-stream",
  ],
]

/** What the headers say; it is filled in as the request is understood, and read when the headers go out. */
export interface Heading {
  queryId: string
  format: string
  readonly timezone: string
  readonly displayName: string
  readonly version: string
  /** Compress if the client accepts it. */
  compress: boolean
  /** Hold everything back until the end. */
  waitEnd: boolean
  /** Bytes per second, when a fault slows the answer down. */
  drip: number | undefined
}

export interface Answer {
  write(bytes: Uint8Array): Promise<void>
  /** Sends what is held back, headers first. */
  flush(): Promise<void>
  end(): Promise<void>
  /** With the code's status, or another; in the body, in a server's frame for it, if headers have gone out. */
  fail(exception: ClickHouseException, status?: number): Promise<void>
}

export function createAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  heading: Heading,
  counts: Counts,
): Answer {
  const started = process.hrtime.bigint()
  // A client finds the end of a broken result by this tag, which no result can contain by chance.
  const tag = Array.from(randomBytes(16), (byte) => String.fromCharCode(97 + (byte % 26))).join("")
  const held: Uint8Array[] = []
  let heldBytes = 0
  /** Where the result is written to: the response itself, or what compresses or slows it down. */
  let out: Writable | undefined
  let last: Transform | undefined

  return {
    write,
    flush,
    end,
    fail,
  }

  async function write(bytes: Uint8Array): Promise<void> {
    if (out !== undefined) return send(out, bytes)
    held.push(bytes)
    heldBytes += bytes.length
    if (heldBytes >= HELD_BACK && !heading.waitEnd) await flush()
  }

  async function flush(): Promise<void> {
    out ??= begin(200, {})
    for (const bytes of held.splice(0)) await send(out, bytes)
  }

  async function end(): Promise<void> {
    await flush()
    await finish(true)
  }

  async function fail(exception: ClickHouseException, status = exception.status): Promise<void> {
    const text = exception.text(heading.version)
    if (out === undefined) {
      held.length = 0
      // A server that fails after its headers cannot put the code into them any more.
      const code = status === 200 ? {} : { "X-ClickHouse-Exception-Code": String(exception.code) }
      out = begin(status, { ...code, "Content-Type": "text/plain; charset=UTF-8" })
      await send(out, Buffer.from(text))
      await finish(true)
    } else {
      const length = Buffer.byteLength(text)
      const frame = `\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`
      await send(out, Buffer.from(frame))
      await finish(false)
    }
  }

  function begin(status: number, headers: Record<string, string>): Writable {
    const encoding = heading.compress ? chooseEncoding(request.headers["accept-encoding"]) : undefined
    response.writeHead(status, {
      "Content-Type": contentType(heading.format),
      "X-ClickHouse-Server-Display-Name": heading.displayName,
      "X-ClickHouse-Query-Id": heading.queryId,
      "X-ClickHouse-Format": heading.format,
      "X-ClickHouse-Timezone": heading.timezone,
      "X-ClickHouse-Exception-Tag": tag,
      "X-ClickHouse-Summary": summary(counts, process.hrtime.bigint() - started),
      "Access-Control-Expose-Headers":
        "X-ClickHouse-Query-Id,X-ClickHouse-Summary,X-ClickHouse-Server-Display-Name,X-ClickHouse-Format,X-ClickHouse-Timezone,X-ClickHouse-Exception-Code,X-ClickHouse-Exception-Tag",
      ...(encoding === undefined ? {} : { "Content-Encoding": encoding.name }),
      ...headers,
    })
    response.flushHeaders()
    const stages = [encoding?.create(), heading.drip === undefined ? undefined : createDrip(heading.drip)]
    const [first, second] = stages.filter((stage) => stage !== undefined)
    last = second ?? first
    if (second !== undefined) first?.pipe(second)
    last?.pipe(response, { end: false })
    return first ?? response
  }

  /** Ends the answer; or breaks it off, for what is not whole must not look so: no last chunk, and a closed connection. */
  async function finish(isWhole: boolean): Promise<void> {
    if (response.destroyed) return
    const closed = once(response, "close")
    if (last !== undefined) {
      const passed = once(last, "end")
      out?.end()
      await Promise.race([passed, closed])
    }
    if (isWhole) response.end()
    // What was written in this turn is still in Node's hands.
    else setImmediate(() => response.socket?.destroySoon())
    await closed
  }

  async function send(to: Writable, bytes: Uint8Array): Promise<void> {
    if (response.destroyed) throw new ClientGone()
    if (to.write(bytes)) return
    const stopped = new AbortController()
    const { signal } = stopped
    try {
      await Promise.race([once(to, "drain", { signal }), once(response, "close", { signal })])
    } finally {
      stopped.abort()
    }
  }
}

/** The client has closed its connection while an answer was being written. */
export class ClientGone extends Error {}

const contentType = (format: string): string =>
  CONTENT_TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? "text/plain; charset=UTF-8"

function chooseEncoding(accepted: string | undefined): { name: string; create: () => Transform } | undefined {
  const names = new Set((accepted ?? "").split(",").map((one) => one.split(";")[0]?.trim().toLowerCase()))
  if (names.has("br")) return { name: "br", create: () => zlib.createBrotliCompress({ params: FAST_BROTLI }) }
  if (names.has("gzip")) return { name: "gzip", create: () => zlib.createGzip({ level: 3 }) }
  if (names.has("deflate")) return { name: "deflate", create: () => zlib.createDeflate({ level: 3 }) }
  return undefined
}

const FAST_BROTLI = { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 }

// Numbers are strings, as the server writes them.
function summary(counts: Counts, elapsed: bigint): string {
  return JSON.stringify({
    read_rows: String(counts.readRows),
    read_bytes: String(counts.readBytes),
    written_rows: String(counts.writtenRows),
    written_bytes: String(counts.writtenBytes),
    total_rows_to_read: "0",
    result_rows: String(counts.resultRows),
    result_bytes: String(counts.resultBytes),
    elapsed_ns: String(elapsed),
    memory_usage: "0",
  })
}

/** Passes bytes on at a rate: ten portions a second, at least one byte each. */
function createDrip(bytesPerSecond: number): Transform {
  const portion = Math.max(1, Math.round(bytesPerSecond / 10))
  const pause = (portion / bytesPerSecond) * 1000
  const drip = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      void passOn(chunk).then(() => done())
    },
  })
  async function passOn(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !drip.destroyed; at += portion) {
      drip.push(chunk.subarray(at, at + portion))
      await sleep(pause)
    }
  }
  return drip
}
