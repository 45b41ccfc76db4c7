// Reads a whole request in JSON, and makes one MALFORMED error of whatever is wrong with it.
import { asBuffer } from "../as-buffer.ts"
import { ReceiverError } from "../receiver-error.ts"
import { jsonPath } from "./json-path.ts"
import { JsonFault, JsonReader } from "./json-reader.ts"

/** `readField` is called for each field of the request that is not null, and reads or skips its value. */
export function readJson(bytes: Uint8Array, readField: (reader: JsonReader, key: string) => void): void {
  const reader = new JsonReader(asBuffer(bytes))
  try {
    if (reader.openObject()) {
      do {
        const key = reader.key()
        if (!reader.absent()) readField(reader, key)
      } while (reader.moreFields())
    }
    reader.end()
  } catch (cause) {
    if (!(cause instanceof JsonFault)) throw cause
    const where = cause.isSyntax
      ? `not valid JSON at byte ${cause.position}`
      : jsonPath(reader.bytes, cause.position) || "the request"
    throw new ReceiverError(
      "MALFORMED",
      `the JSON data is malformed: ${where}: ${cause.message}; nothing was taken`,
    )
  }
}
