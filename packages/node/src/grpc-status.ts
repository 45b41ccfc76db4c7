// How a call over gRPC ended, as the server says it or as the specification has it where the server says nothing
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and http-grpc-status-mapping.md).
import type { IncomingHttpHeaders } from "node:http2"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"
import { byGrpcCode, retryInfo } from "./delivery/outcome.ts"

export interface GrpcStatus {
  readonly code: number
  readonly message: string
  /** A google.rpc.Status. */
  readonly details?: Buffer | undefined
  /** Whether the server itself said so, as opposed to what is between. */
  readonly isSaid: boolean
}

export const ok = 0
const cancelled = 1
const unknown = 2
const permissionDenied = 7
const resourceExhausted = 8
const unimplemented = 12
const internal = 13
const unavailable = 14
const unauthenticated = 16

const byHttpStatus: Readonly<Record<number, number>> = {
  400: internal,
  401: unauthenticated,
  403: permissionDenied,
  404: unimplemented,
  429: unavailable,
  502: unavailable,
  503: unavailable,
  504: unavailable,
}

/** By HTTP/2's number, which is the place here. */
const resets: readonly (readonly [name: string, code: number])[] = [
  ["NO_ERROR", internal],
  ["PROTOCOL_ERROR", internal],
  ["INTERNAL_ERROR", internal],
  ["FLOW_CONTROL_ERROR", internal],
  ["SETTINGS_TIMEOUT", internal],
  ["STREAM_CLOSED", unknown],
  ["FRAME_SIZE_ERROR", internal],
  ["REFUSED_STREAM", unavailable],
  ["CANCEL", cancelled],
  ["COMPRESSION_ERROR", internal],
  ["CONNECT_ERROR", internal],
  ["ENHANCE_YOUR_CALM", resourceExhausted],
  ["INADEQUATE_SECURITY", permissionDenied],
]
export const refusedStream = 7

/** Of trailers, or of headers that are all there is. */
export function statusIn(fields: IncomingHttpHeaders): GrpcStatus | undefined {
  const said = fields["grpc-status"]
  if (said === undefined) return undefined
  const code = /^\d{1,4}$/.test(String(said)) ? Number(said) : unknown
  const details = fields["grpc-status-details-bin"]
  return {
    code,
    message: percentDecoded(String(fields["grpc-message"] ?? "")),
    details: details === undefined ? undefined : Buffer.from(String(details), "base64"),
    isSaid: true,
  }
}

/** Of an answer that says nothing of gRPC. */
export function statusOfHttp(status: number): GrpcStatus {
  const hint =
    status === 200 || status === 404 || status === 415 ? "; is it the gRPC port of a collector?" : ""
  return {
    code: byHttpStatus[status] ?? unknown,
    message: `an answer of HTTP ${status} without a status of gRPC${hint}`,
    isSaid: false,
  }
}

export function statusOfReset(number: number): GrpcStatus {
  const [name, code] = resets[number] ?? [String(number), unknown]
  return { code, message: `the server broke off the call (${name})`, isSaid: false }
}

export function grpcError(
  { code, message, details, isSaid }: GrpcStatus,
  connection: ConnectionConfig,
): ClickstackError {
  const outcome = byGrpcCode(code, message, retryInfo(details))
  const isAboutKey = code === unauthenticated || (code === permissionDenied && isSaid)
  const hint = !isAboutKey
    ? message
    : connection.sendsApiKey
      ? "the API key is refused; see apiKey and apiKeyScheme"
      : "headers are missing"
  return new ClickstackError("DELIVERY_FAILED", `it answered ${code} over gRPC: ${hint}`, {
    retryable: outcome.kind === "later",
    retryAfter: outcome.kind === "later" ? outcome.after : undefined,
    tooLarge: outcome.kind === "too_large",
    unauthorized: outcome.kind === "later" && outcome.trouble === "unauthorized",
  })
}

/** What is not ASCII in a message comes as %XX; what does not is left as it is. */
function percentDecoded(text: string): string {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
