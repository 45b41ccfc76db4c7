// A request's body: counted, decompressed, and collected; and the fields of a form (the official client sends large
// bound parameters as one).
import type { IncomingMessage } from "node:http"
import type { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import zlib from "node:zlib"
import { ClickHouseException } from "./exception.ts"

/** Collects the body; `seen` is called with every piece as it came over the wire. */
export async function readBody(request: IncomingMessage, seen: (piece: Buffer) => void): Promise<Buffer> {
  const decompress = decompressor(request.headers["content-encoding"])
  const pieces: Buffer[] = []
  const count = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      seen(piece)
      yield piece
    }
  }
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of source) pieces.push(piece)
  }
  try {
    if (decompress === undefined) await pipeline(request, count, collect)
    else await pipeline(request, count, decompress, collect)
  } catch (error) {
    if (decompress?.errored !== error) throw error
    throw new ClickHouseException(354, `Cannot decompress the request's body: ${String(error)}.`)
  }
  return Buffer.concat(pieces)
}

function decompressor(encoding: string | undefined): Transform | undefined {
  switch (encoding) {
    case undefined:
    case "":
    case "identity":
      return undefined
    case "gzip":
      return zlib.createGunzip()
    case "deflate":
      return zlib.createInflate()
    case "br":
      return zlib.createBrotliDecompress()
    default:
      throw new ClickHouseException(
        48,
        `Content-Encoding ${encoding} is not supported by this test server, which knows gzip, deflate and br.`,
      )
  }
}

/** The fields of a form; a file in it would be an external table, which is refused. */
export async function readForm(contentType: string, body: Buffer): Promise<Map<string, string>> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData()
  const fields = new Map<string, string>()
  for (const [name, value] of form) {
    if (typeof value !== "string") {
      throw new ClickHouseException(48, "External tables are not supported by this test server.")
    }
    fields.set(name, value)
  }
  return fields
}
