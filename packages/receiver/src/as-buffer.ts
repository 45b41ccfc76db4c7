// The decoders need Buffer's methods for text and numbers; callers may have any Uint8Array.
import { Buffer } from "node:buffer"

/** The same bytes, not copied. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
