// What a captured body says: decompressed, but never to more than its cap, and read as text. A body that is no text after
// all gives nothing.
import type { Buffer } from "node:buffer"
import { truncatedMark } from "../delivery/plain-value.ts"

type Zlib = typeof import("node:zlib")
type Decompress = (bytes: Uint8Array, options: object) => Buffer

/** Newer versions of Node have zstd. */
type NewerZlib = Zlib & { zstdDecompressSync?: Decompress }

const none = new Uint8Array()

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
 * At once, in this thread, and bounded: neither what goes in nor what comes out is more than the cap. For 16 KiB that takes
 * 0.05 ms; for a bomb, which is cut in two until a part fits, 0.3 ms.
 */
function decompress(bytes: Uint8Array, isWhole: boolean, encoding: string, cap: number): Decoded | undefined {
  const decoder = decoderOf(encoding)
  if (decoder === undefined) return undefined
  if (encoding === "br") return decompressBrotli(decoder, bytes, isWhole, cap)
  for (let input = bytes; input.length > 0; input = input.subarray(0, input.length >> 1)) {
    const made = attempt(decoder, input, cap)
    if (made === "broken") return undefined
    if (made !== "too large") return { bytes: made, isWhole: isWhole && input.length === bytes.length }
  }
  return { bytes: none, isWhole: false }
}

/**
 * Brotli fills its window before it gives anything, so that an attempt at a bomb takes 1 ms with the 4 MiB that servers use,
 * and 10 ms with 16 MiB. So larger windows are left alone, the part that nearly always fits goes first, and where it does
 * not, there is no second.
 */
function decompressBrotli(
  decoder: Decoder,
  bytes: Uint8Array,
  isWhole: boolean,
  cap: number,
): Decoded | undefined {
  const windowBits = bytes[0]! & 15
  if (windowBits === 13 || windowBits === 15) return undefined // 8 and 16 MiB: RFC 7932, 9.1
  const part = bytes.subarray(0, Math.max(cap >> 3, 64))
  const first = attempt(decoder, part, cap)
  if (typeof first === "string") return undefined
  if (part.length === bytes.length) return { bytes: first, isWhole }
  const all = attempt(decoder, bytes, cap)
  return typeof all === "string" ? { bytes: first, isWhole: false } : { bytes: all, isWhole }
}

function attempt(decoder: Decoder, input: Uint8Array, cap: number): Uint8Array | "too large" | "broken" {
  try {
    return decoder(input, cap)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too large" : "broken"
  }
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
