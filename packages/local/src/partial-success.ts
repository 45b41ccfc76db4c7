// How many items an OTLP endpoint refused of a request that it answered with success.
import type { PartialSuccess } from "@clickstack/receiver"

export function rejectedOf(answer: Buffer, contentType: string): PartialSuccess | undefined {
  if (answer.length === 0) return undefined
  try {
    return contentType.includes("json") ? fromJson(answer) : fromProtobuf(answer)
  } catch {
    // It said success; what else it said cannot be read.
    return undefined
  }
}

function fromJson(answer: Buffer): PartialSuccess | undefined {
  const { partialSuccess = {} } = JSON.parse(answer.toString()) as {
    partialSuccess?: Record<string, unknown>
  }
  const rejected = Object.entries(partialSuccess).find(([name]) => name.startsWith("rejected"))?.[1]
  return partial(Number(rejected ?? 0), String(partialSuccess["errorMessage"] ?? ""))
}

/** `1: { 1: varint, 2: text }`, as the response of every signal is. */
function fromProtobuf(answer: Buffer): PartialSuccess | undefined {
  const inner = fieldsOf(answer).get(1)
  if (!Buffer.isBuffer(inner)) return undefined
  const fields = fieldsOf(inner)
  const message = fields.get(2)
  return partial(Number(fields.get(1) ?? 0), Buffer.isBuffer(message) ? message.toString() : "")
}

const partial = (rejected: number, message: string): PartialSuccess | undefined =>
  rejected > 0 || message !== "" ? { rejected, message } : undefined

function fieldsOf(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError("truncated")
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) fields.set(tag >> 3, varint())
    else if ((tag & 7) === 2) {
      const length = varint()
      fields.set(tag >> 3, bytes.subarray(at, at + length))
      at += length
    } else throw new RangeError("not a field of this message")
  }
  return fields
}
