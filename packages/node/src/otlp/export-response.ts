// What a collector answers to traces and logs: how many it did not take out of a request that it took otherwise.
//   ExportTraceServiceResponse, ExportLogsServiceResponse   1 partial success
//   ExportTracePartialSuccess, ExportLogsPartialSuccess     1 rejected (int64)   2 message

/** Of an answer, in bytes: a partial success is a few hundred. */
export const largestAnswer: number = 4 * 1024 * 1024

export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

/** An answer that is none counts as a full success: the request was taken, whatever is written about it. */
export function decodeResponse(answer: Uint8Array): PartialSuccess {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength)
  let rejected = 0
  let message = ""
  let at = 0

  function varint(): number {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return value
  }

  /** Field 1 of the outer message is the inner one, whose fields are read in its place. */
  function message1(isOuter: boolean, end: number): void {
    while (at < end) {
      const tag = varint()
      const type = tag & 7
      if (type === 0) {
        const value = varint()
        if (!isOuter && tag === 0x08) rejected = value
      } else if (type === 2) {
        const to = varint() + at
        if (isOuter && tag === 0x0a) message1(false, Math.min(to, end))
        else if (!isOuter && tag === 0x12) message = bytes.toString("utf8", at, Math.min(to, end))
        at = to
      } else at += type === 1 ? 8 : type === 5 ? 4 : bytes.length
    }
  }
  message1(true, bytes.length)
  return { rejected, message }
}
