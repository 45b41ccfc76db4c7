// A collector that keeps the ids it is sent, and answers as it is told. It speaks OTLP over HTTP and gRPC through our
// receiver's decoders, and knows nothing of how the sender works.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import {
  logsFromJson,
  logsFromProtobuf,
  metricsFromJson,
  metricsFromProtobuf,
  tracesFromJson,
  tracesFromProtobuf,
} from "@clickstack/receiver"
import * as grpc from "@grpc/grpc-js"

interface Arrival {
  readonly at: number
  readonly signal: "traces" | "logs" | "metrics"
  readonly bytes: number
  /** What names each item: a span's name, a log's body. */
  readonly ids: readonly string[]
}

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | string
  /** Nothing at all. */
  readonly never?: boolean
  /** Of those that were sent, the first so many are not taken. */
  readonly rejected?: number
  /** Milliseconds before the answer. */
  readonly delay?: number
  /** `retryAfter` is in seconds, and becomes a RetryInfo. */
  readonly grpc?: { readonly code: number; readonly details?: string; readonly retryAfter?: number }
}

export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly arrivals: Arrival[]
  /** The names of the spans that were answered with success, in order. */
  readonly taken: string[]
  /** How to answer from now on. */
  answer: (arrival: Arrival) => Answer
}

const decoders = {
  traces: [tracesFromProtobuf, tracesFromJson],
  logs: [logsFromProtobuf, logsFromJson],
  metrics: [metricsFromProtobuf, metricsFromJson],
} as const

function idsOf(signal: Arrival["signal"], body: Buffer, isJson: boolean): string[] {
  const decode = decoders[signal][isJson ? 1 : 0] as (body: never) => unknown[]
  const items = decode(body as never)
  return items.flatMap((item) => {
    if (signal === "traces") return [(item as { name: string }).name]
    if (signal === "logs") return [String((item as { body: unknown }).body)]
    const { scopeMetrics } = item as { scopeMetrics: { metrics: { descriptor: { name: string } }[] }[] }
    return scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name))
  })
}

const success: Answer = { status: 200 }

function createState() {
  const state = {
    arrivals: [] as Arrival[],
    taken: [] as string[],
    answer: (() => success) as Collector["answer"],
  }
  const take = (signal: Arrival["signal"], body: Buffer, isJson: boolean): Answer => {
    const arrival = { at: performance.now(), signal, bytes: body.length, ids: idsOf(signal, body, isJson) }
    state.arrivals.push(arrival)
    const answer = state.answer(arrival)
    const isTaken = !answer.never && (answer.status ?? 200) < 300 && answer.grpc === undefined
    if (isTaken && signal === "traces") state.taken.push(...arrival.ids.slice(answer.rejected ?? 0))
    return answer
  }
  return { state, take }
}

export async function startCollector(port = 0): Promise<Collector> {
  const { state, take } = createState()
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("error", () => undefined)
    request.on("end", () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw
      const signal = request.url!.split("/").at(-1) as Arrival["signal"]
      const isJson = request.headers["content-type"] === "application/json"
      const { status = 200, headers = {}, body: text = "", never, delay = 0 } = take(signal, body, isJson)
      if (never) return
      if (delay === 0) response.writeHead(status, headers).end(text)
      else setTimeout(() => response.writeHead(status, headers).end(text), delay).unref()
    })
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  const { port: bound } = server.address() as AddressInfo
  return Object.assign(state, {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
}

const bytes = (value: Buffer) => value

/** google.rpc.Status with details (3): Any of type (1) and value (2): RetryInfo of a delay (1) of so many seconds (1). */
function retryInfo(seconds: number): grpc.Metadata {
  const type = "type.googleapis.com/google.rpc.RetryInfo"
  const any = [10, type.length, ...Buffer.from(type), 18, 4, 10, 2, 8, seconds]
  const metadata = new grpc.Metadata()
  metadata.set("grpc-status-details-bin", Buffer.from([26, any.length, ...any]))
  return metadata
}

export async function startGrpcCollector(port = 0): Promise<Collector> {
  const { state, take } = createState()
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 })
  for (const [signal, service] of [
    ["traces", "trace.v1.TraceService"],
    ["logs", "logs.v1.LogsService"],
    ["metrics", "metrics.v1.MetricsService"],
  ] as const) {
    const path = `/opentelemetry.proto.collector.${service}/Export`
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    }
    server.addService(
      { Export: method },
      {
        Export: (call: { request: Buffer }, done: grpc.sendUnaryData<Buffer>) => {
          const { never, grpc: failure, body = "", delay = 0 } = take(signal, call.request, false)
          const answer = () => {
            if (failure === undefined) return done(null, Buffer.from(body))
            const { code, details = "", retryAfter } = failure
            const metadata = retryAfter === undefined ? {} : { metadata: retryInfo(retryAfter) }
            done({ name: "Error", message: "", code, details, ...metadata })
          }
          if (never) return
          if (delay === 0) answer()
          else setTimeout(answer, delay).unref()
        },
      },
    )
  }
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, number) =>
      error === null ? resolve(number) : reject(error),
    ),
  )
  return Object.assign(state, {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  })
}
