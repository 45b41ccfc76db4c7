// Small requests to a receiver, and what their answers say.
import { credentials, Client, type ClientOptions, Metadata, type ServiceError } from "@grpc/grpc-js"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { messageType } from "./otlp-schema.ts"
import { spans } from "./telemetry.ts"

export const protobufOf = (count: number): Buffer =>
  Buffer.from(ProtobufTraceSerializer.serializeRequest(spans(count))!)
export const jsonOf = (count: number): Buffer =>
  Buffer.from(JsonTraceSerializer.serializeRequest(spans(count))!)

export const protobuf = { "content-type": "application/x-protobuf" }
export const json = { "content-type": "application/json" }

export interface Answer {
  status: number
  headers: Headers
  body: Buffer
  /** The message of an error's Status body. */
  message: string
}

export async function post(
  url: string,
  body: Uint8Array | string | ReadableStream,
  headers: Record<string, string> = protobuf,
): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body, headers, duplex: "half" })
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    headers: response.headers,
    body: bytes,
    message: messageIn(response, bytes),
  }
}

function messageIn(response: Response, body: Buffer): string {
  if (response.ok) return ""
  if (response.headers.get("content-type") === "application/json") return JSON.parse(body.toString()).message
  return messageType("RpcStatus").toObject(messageType("RpcStatus").decode(body))["message"]
}

const identity = (bytes: Buffer) => bytes
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

export interface GrpcAnswer {
  code: number
  details: string
  body?: Buffer | undefined
  /** The RetryInfo's delay, when there is one. */
  retrySeconds?: number | undefined
}

/** One unary call; a failure is an answer too. */
export async function call(
  url: string,
  body: Uint8Array,
  {
    path = EXPORT,
    metadata = {},
    options = {},
    channel = credentials.createInsecure(),
    deadline = Infinity,
  }: {
    path?: string
    metadata?: Record<string, string>
    options?: ClientOptions
    channel?: ReturnType<typeof credentials.createInsecure>
    deadline?: number
  } = {},
): Promise<GrpcAnswer> {
  const client = new Client(new URL(url).host, channel, options)
  try {
    return await new Promise<GrpcAnswer>((resolve) => {
      const fields = new Metadata()
      for (const [name, value] of Object.entries(metadata)) fields.set(name, value)
      client.makeUnaryRequest(
        path,
        identity,
        identity,
        Buffer.from(body),
        fields,
        { deadline },
        (error, answer) => {
          resolve(error ? failure(error) : { code: 0, details: "", body: answer })
        },
      )
    })
  } finally {
    client.close()
  }
}

function failure(error: ServiceError): GrpcAnswer {
  const bytes = error.metadata?.get("grpc-status-details-bin")[0]
  const answer = { code: error.code, details: error.details }
  if (!(bytes instanceof Buffer)) return answer
  const status: any = messageType("RpcStatus").decode(bytes)
  const info: any = status.details[0] && messageType("RetryInfo").decode(status.details[0].value)
  return { ...answer, retrySeconds: info && Number(info.retryDelay.seconds) }
}
