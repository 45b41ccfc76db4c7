// What a sender is told: the bodies of OTLP's responses, and which HTTP and gRPC status an error has.
//
// Success is an ExportXServiceResponse, in protobuf empty unless it carries `1: { 1: rejected, 2: message }`; an error
// is a google.rpc.Status, `1: code, 2: message, 3: Any { 1: type, 2: RetryInfo { 1: Duration { 1: seconds } } }`.
import { Buffer } from "node:buffer"
import type { ReceiverError, ReceiverErrorCode } from "./receiver-error.ts"
import { type Signal, signals } from "./signals.ts"
import type { PartialSuccess } from "./sink.ts"

export type Encoding = "protobuf" | "json"

export const contentTypes: Readonly<{ protobuf: "application/x-protobuf"; json: "application/json" }> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
}

/** [HTTP status, gRPC code]. OTLP lets senders repeat after 429, 502, 503 and 504 only. */
const statuses: Record<ReceiverErrorCode, readonly [http: number, grpc: number]> = {
  BAD_OPTION: [500, 13],
  LISTEN_FAILED: [500, 13],
  MALFORMED: [400, 3],
  REJECTED: [400, 3],
  TOO_LARGE: [413, 8],
  UNSUPPORTED_MEDIA_TYPE: [415, 3],
  UNSUPPORTED_ENCODING: [415, 12],
  UNAUTHENTICATED: [401, 16],
  FORBIDDEN: [403, 7],
  NOT_FOUND: [404, 12],
  METHOD_NOT_ALLOWED: [405, 12],
  TIMEOUT: [408, 4],
  OVERLOADED: [503, 8],
  SINK_FAILED: [503, 14],
  CLOSING: [503, 14],
}

export function httpStatus(error: ReceiverError): number {
  return error.code === "SINK_FAILED" && !error.retryable ? 500 : statuses[error.code][0]
}

export function grpcCode(error: ReceiverError): number {
  return error.code === "SINK_FAILED" && !error.retryable ? 13 : statuses[error.code][1]
}

export function successBody(signal: Signal, partial: PartialSuccess | undefined, encoding: Encoding): Buffer {
  if (encoding === "json") {
    const body = partial && {
      partialSuccess: {
        // int64 is a string in protobuf's JSON.
        [signals[signal].rejectedField]: String(partial.rejected),
        errorMessage: partial.message,
      },
    }
    return Buffer.from(JSON.stringify(body ?? {}))
  }
  if (partial === undefined) return Buffer.alloc(0)
  return bytesField(1, Buffer.concat([numberField(1, partial.rejected), textField(2, partial.message)]))
}

export function statusBody(error: ReceiverError, encoding: Encoding): Buffer {
  const code = grpcCode(error)
  const message = wellFormed(error.message)
  if (encoding === "json") return Buffer.from(JSON.stringify({ code, message }))
  return statusMessage(code, message, error.retryAfter)
}

/** For gRPC's trailer `grpc-status-details-bin`; without RetryInfo a sender gives up on RESOURCE_EXHAUSTED. */
export function statusMessage(code: number, message: string, retryAfter: number | undefined): Buffer {
  const parts = [numberField(1, code), textField(2, message)]
  if (retryAfter !== undefined) {
    const retryInfo = bytesField(1, numberField(1, Math.ceil(retryAfter)))
    const any = [textField(1, "type.googleapis.com/google.rpc.RetryInfo"), bytesField(2, retryInfo)]
    parts.push(bytesField(3, Buffer.concat(any)))
  }
  return Buffer.concat(parts)
}

/** A lone surrogate has no UTF-8, and grpc-js throws at one. */
export const wellFormed = (text: string): string => Buffer.from(text).toString()

const numberField = (field: number, value: number) => Buffer.from([(field << 3) | 0, ...varint(value)])
const textField = (field: number, text: string) => bytesField(field, Buffer.from(text))
const bytesField = (field: number, bytes: Buffer) =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes])

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}
