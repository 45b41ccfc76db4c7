// Reads a request's body, decompressing it on the way. It stops at the first byte too many, so that a megabyte
// that grows to a gigabyte never does.
import { Buffer } from "node:buffer"
import type { Readable, Transform } from "node:stream"
import * as zlib from "node:zlib"
import type { Lease } from "./admission.ts"
import type { Limits } from "./options.ts"
import { ReceiverError } from "./receiver-error.ts"

const CHUNK = { chunkSize: 64 * 1024 }

/** A zstd frame may ask for a window of gigabytes; 8 MiB is what its specification wants every decoder to hold. */
const ZSTD_WINDOW_LOG = 23

/** Zstandard came to Node.js with 22.15, whose types we do not compile against. */
type Zstd = {
  createZstdDecompress?: (options: object) => Transform
  constants: { ZSTD_d_windowLogMax?: number }
}

const decompressors: Record<string, () => Transform> = {
  gzip: () => zlib.createGunzip(CHUNK),
  "x-gzip": () => zlib.createGunzip(CHUNK),
  deflate: () => zlib.createInflate(CHUNK),
}

const { createZstdDecompress, constants } = zlib as unknown as Zstd
if (createZstdDecompress !== undefined && constants.ZSTD_d_windowLogMax !== undefined) {
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG }
  decompressors["zstd"] = () => createZstdDecompress({ ...CHUNK, params })
}

/** For the header Accept-Encoding of a 415. */
export const acceptedEncodings: string = Object.keys(decompressors)
  .filter((name) => name !== "x-gzip")
  .join(", ")

/** Undefined for a body that is not compressed. */
export function decompressorFor(encoding: string | undefined): (() => Transform) | undefined {
  const name = encoding?.trim().toLowerCase() ?? ""
  if (name === "" || name === "identity") return undefined
  const decompressor = Object.hasOwn(decompressors, name) ? decompressors[name] : undefined
  if (decompressor !== undefined) return decompressor
  throw new ReceiverError(
    "UNSUPPORTED_ENCODING",
    `the content encoding ${JSON.stringify(name)} is not known here; send ${acceptedEncodings} or none`,
  )
}

export function readBody(
  source: Readable,
  decompressor: (() => Transform) | undefined,
  limits: Readonly<Limits>,
  lease: Lease,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const inflater = decompressor?.()
    const chunks: Buffer[] = []
    let received = 0
    let size = 0

    const onSourceData = (chunk: Buffer) => {
      received += chunk.length
      if (received > limits.compressedBytes) fail(tooLarge("as sent", limits.compressedBytes))
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.bodyBytes) return fail(tooLarge("after decompression", limits.bodyBytes))
      try {
        lease.take(chunk.length)
      } catch (error) {
        return fail(error)
      }
      chunks.push(chunk)
    }
    const onEnd = () => {
      stop()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
    }
    const onInflateError = (cause: Error) =>
      fail(
        new ReceiverError(
          "MALFORMED",
          `the body cannot be decompressed: ${cause.message}; nothing was taken`,
          { cause },
        ),
      )
    const onClose = () => {
      if (!source.readableEnded)
        fail(new ReceiverError("TIMEOUT", "the sender went away in the middle of its request"))
    }

    function stop() {
      source.off("data", onSourceData).off("data", onData).off("end", onEnd).off("close", onClose)
      if (inflater === undefined) return
      source.unpipe(inflater)
      inflater.off("data", onData).off("end", onEnd)
      // A destroyed stream may still report its error.
      inflater.on("error", () => {}).off("error", onInflateError)
      inflater.destroy()
    }
    function fail(error: unknown) {
      stop()
      // The rest of the request is discarded, so that the sender gets to read our answer.
      source.resume()
      reject(error)
    }

    source.on("data", onSourceData).on("close", onClose)
    source.on("error", () => {})
    const output: Readable = inflater ?? source
    output.on("data", onData).on("end", onEnd)
    if (inflater !== undefined) source.pipe(inflater.on("error", onInflateError))
  })
}

export const tooLarge = (how: string, limit: number): ReceiverError =>
  new ReceiverError(
    "TOO_LARGE",
    `the request is larger ${how} than ${limit} bytes; send smaller batches, nothing was taken`,
  )
