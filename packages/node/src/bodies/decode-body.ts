// What a captured body says: decompressed, but never to more than its cap, and read as text. A body that is no text after
// all gives nothing.
import type { Buffer } from "node:buffer"
import { truncatedMark } from "../delivery/plain-value.ts"

type Zlib = typeof import("node:zlib")
type Decompress = (bytes: Uint8Array, options: object) => Buffer

/** Newer versions of Node have zstd. */
type NewerZlib = Zlib & { zstdDecompressSync?: Decompress }

interface Decoded {
  readonly bytes: Uint8Array
  readonly isWhole: boolean
}

/** @param isWhole Whether `bytes` is all of the body. */
export function decodeBody(
  bytes: Uint8Array,
  isWhole: boolean,
  charset: string,
  contentEncoding: string | undefined,
  cap: number,
): string | undefined {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "identity"
  const isPlain = encoding === "" || encoding === "identity"
  const decoded = isPlain ? { bytes, isWhole } : decompress(bytes, isWhole, encoding, cap)
  if (decoded === undefined) return `[${encoding.slice(0, 20)}, not decoded]`
  const text = textOf(decoded, charset)
  if (text === undefined || text.includes("\0")) return undefined
  return decoded.isWhole ? text : text + truncatedMark
}

function textOf({ bytes, isWhole }: Decoded, charset: string): string | undefined {
  try {
    // In a stream a character that was cut at the end is left out.
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: !isWhole })
  } catch {
    return undefined // not of this charset, or of one that nobody knows
  }
}

/**
 * At once, in this thread: neither what goes in nor what comes out is more than the cap, 16 KiB unless it is set, which
 * takes less than 0.1 ms. Where all that was captured becomes more than that, its first half is tried, and so on.
 */
function decompress(bytes: Uint8Array, isWhole: boolean, encoding: string, cap: number): Decoded | undefined {
  const decoder = decoderOf(encoding)
  if (decoder === undefined) return undefined
  for (let input = bytes; input.length > 0; input = input.subarray(0, input.length >> 1)) {
    try {
      return { bytes: decoder(input, cap), isWhole: isWhole && input.length === bytes.length }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") return undefined
    }
  }
  return { bytes: new Uint8Array(), isWhole: false }
}

type Decoder = (input: Uint8Array, cap: number) => Uint8Array

function decoderOf(encoding: string): Decoder | undefined {
  const zlib: NewerZlib = process.getBuiltinModule("node:zlib")
  const { constants } = zlib
  // What was cut gives what there is, instead of an error.
  const upTo =
    (decode: Decompress, finishFlush: number): Decoder =>
    (input, maxOutputLength) =>
      decode(input, { finishFlush, maxOutputLength })
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return upTo(zlib.gunzipSync, constants.Z_SYNC_FLUSH)
    case "deflate":
      return (input, cap) => {
        // Some senders leave the wrapper out, whose first four bits are always 8.
        const decode = (input[0]! & 15) === 8 ? zlib.inflateSync : zlib.inflateRawSync
        return upTo(decode, constants.Z_SYNC_FLUSH)(input, cap)
      }
    case "br":
      return upTo(zlib.brotliDecompressSync, constants.BROTLI_OPERATION_FLUSH)
    case "zstd":
      return zlib.zstdDecompressSync && upTo(zlib.zstdDecompressSync, 1) // ZSTD_e_flush
    default:
      return undefined
  }
}
