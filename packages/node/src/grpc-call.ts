// One call of one message each way, on a connection that is there.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2"
import { ClickstackError } from "./clickstack-error.ts"
import { connectionError } from "./connection-error.ts"
import type { GrpcSession } from "./grpc-connection.ts"
import { type GrpcStatus, refusedStream, statusIn, statusOfHttp, statusOfReset } from "./grpc-status.ts"
import { largestAnswer } from "./otlp/export-response.ts"

export interface CallEnd {
  readonly status: GrpcStatus
  /** The answer's message in its frame. */
  readonly frame: Buffer
  /** What it is compressed with, where it is. */
  readonly encoding: string
}

const cancel = 8

/**
 * Resolves with nothing when the server did not look at the call: it can be made again, elsewhere and at once. Rejects
 * when the connection breaks.
 */
export function callUnary(
  { http2, lastTaken, hasSpoken }: GrpcSession,
  headers: OutgoingHttpHeaders,
  parts: readonly Uint8Array[],
): Promise<CallEnd | undefined> {
  return new Promise((resolve, reject) => {
    if (http2.closed || http2.destroyed) return resolve(undefined)
    const stream = http2.request(headers)
    const chunks: Buffer[] = []
    let size = 0
    let answer: IncomingHttpHeaders | undefined
    let trailers: IncomingHttpHeaders | undefined
    let failure: (Error & { cause?: unknown }) | undefined

    const said = () => (trailers && statusIn(trailers)) ?? (answer && statusIn(answer))
    const end = (status: GrpcStatus) =>
      resolve({ status, frame: Buffer.concat(chunks), encoding: String(answer?.["grpc-encoding"]) })

    stream.on("response", (fields) => (answer = fields))
    stream.on("trailers", (fields) => (trailers = fields))
    stream.on("error", (error) => (failure = error))
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size <= largestAnswer) return chunks.push(chunk)
      reject(new ClickstackError("DELIVERY_FAILED", "an answer of more than 4 MiB"))
      return stream.close(cancel)
    })
    stream.on("end", () => {
      const status = said()
      if (status === undefined) return // "close" will tell why
      end(status)
      // It answered before it had read everything, and will not read the rest.
      if (!stream.writableFinished) stream.close(cancel)
    })
    stream.on("close", () => {
      const { id, rstCode } = stream
      const status = said()
      const httpStatus = Number(answer?.[":status"] ?? 0)
      if (status !== undefined) return end(status)
      if (id === undefined || id > lastTaken() || rstCode === refusedStream) return resolve(undefined)
      if (httpStatus > 0 && httpStatus !== 200) return end(statusOfHttp(httpStatus))
      if (http2.destroyed) return reject(brokenError(failure?.cause ?? failure, hasSpoken()))
      return end(rstCode !== 0 || httpStatus === 0 ? statusOfReset(rstCode) : statusOfHttp(httpStatus))
    })

    stream.cork() // for one write of both
    for (const part of parts) stream.write(part)
    stream.end()
  })
}

function brokenError(cause: unknown = { code: "ECONNRESET" }, hasSpoken: boolean): ClickstackError {
  const isSilent = !hasSpoken && (cause as { code?: string }).code === "ECONNRESET"
  const hint =
    "it closed the connection without a word of HTTP/2; check the scheme and the port of endpoint, and clientCertificate"
  return connectionError(cause, isSilent ? hint : undefined)
}
