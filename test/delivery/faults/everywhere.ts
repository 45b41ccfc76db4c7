// On which destinations a fault is shown.
import type { Kind } from "../destination.ts"

export const overHttp: readonly Kind[] = ["http/protobuf", "http/json"]
export const collectors: readonly Kind[] = [...overHttp, "grpc"]
export const everywhere: readonly Kind[] = [...collectors, "clickhouse"]
/** durable() in a plain OpenTelemetry app, around upstream's exporters. */
export const durable: readonly Kind[] = [
  "durable 2.12",
  "durable 2.12 grpc",
  "durable 3.1",
  "durable 3.1 grpc",
]
