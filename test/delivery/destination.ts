// The kinds of destination, each a real server behind a proxy that makes trouble, with one way to ask what has
// arrived; and the set-ups that send there.
import { createIngest } from "@clickstack/ingest"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { type Collector, startCollector, startGrpcCollector } from "./collector.ts"
import { startTroubledProxy, type TroubledProxy } from "./troubled-proxy.ts"

type Env = Readonly<Record<string, string>>

// The durable ones are plain OpenTelemetry of that version, with upstream's exporter.
const collectorKinds: Readonly<Record<string, (url: string) => Env>> = {
  "http/protobuf": (url) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  }),
  "http/json": (url) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }),
  grpc: (url) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
  "durable 2.12": (url) => ({ COLLECTOR: `${url}/v1/traces`, SETUP: "./durable-2.mjs", EXPORTER: "http" }),
  "durable 2.12 grpc": (url) => ({ COLLECTOR: url, SETUP: "./durable-2.mjs", EXPORTER: "grpc" }),
  "durable 3.1": (url) => ({ COLLECTOR: `${url}/v1/traces`, SETUP: "./durable-3.mjs", EXPORTER: "proto" }),
  "durable 3.1 grpc": (url) => ({ COLLECTOR: url, SETUP: "./durable-3.mjs", EXPORTER: "grpc" }),
}

export type Kind =
  | "http/protobuf"
  | "http/json"
  | "grpc"
  | "clickhouse"
  | "durable 2.12"
  | "durable 2.12 grpc"
  | "durable 3.1"
  | "durable 3.1 grpc"

export interface DestinationServer extends AsyncDisposable {
  readonly kind: Kind
  readonly proxy: TroubledProxy
  /** What points an app there. */
  readonly env: Env
  /** The names of all spans that were taken, in order, those that came twice twice. */
  arrived(): Promise<readonly string[]>
  /** Of the kinds that are collectors. */
  readonly collector: Collector
  /** Of ClickHouse: the next inserts fail, so often, with this exception. */
  failInserts(exception: number, times?: number): Promise<void>
  /** Of ClickHouse. */
  command(sql: string): Promise<void>
}

export async function openDestination(kind: Kind): Promise<DestinationServer> {
  return kind === "clickhouse" ? openClickHouse() : openCollector(kind)
}

async function openCollector(kind: Exclude<Kind, "clickhouse">): Promise<DestinationServer> {
  const collector = await (kind.includes("grpc") ? startGrpcCollector() : startCollector())
  const proxy = await startTroubledProxy(() => collector.port)
  return {
    kind,
    proxy,
    collector,
    env: collectorKinds[kind]!(`http://127.0.0.1:${proxy.port}`),
    arrived: async () => collector.taken,
    failInserts: () => Promise.reject(new Error(`${kind} is no ClickHouse`)),
    command: () => Promise.reject(new Error(`${kind} knows no SQL`)),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await collector[Symbol.asyncDispose]()
    },
  }
}

// One server, which ends with this process; each destination is a database of its own.
let server: Promise<ClickHouse> | undefined
let databases = 0

async function openClickHouse(): Promise<DestinationServer> {
  const clickhouse = await (server ??= startClickHouse())
  const proxy = await startTroubledProxy(() => clickhouse.port)
  const database = `world${databases++}`
  const url = new URL(clickhouse.url)
  url.pathname = database
  const ingest = createIngest(url.href)
  await ingest.ensureSchema()
  url.port = String(proxy.port)
  return {
    kind: "clickhouse",
    proxy,
    env: { CLICKSTACK_CLICKHOUSE_URL: url.href },
    arrived: async () => {
      const rows = await ingest.query<{ name: string }>("SELECT SpanName AS name FROM otel_traces")
      return rows.map(({ name }) => name)
    },
    get collector(): Collector {
      throw new Error("ClickHouse is no collector")
    },
    failInserts: async (exception, times = 1) => {
      await clickhouse.fail({ exception, times, on: "insert", match: new RegExp(`\\b${database}\\b`) })
    },
    command: (sql) => ingest.command(sql),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await ingest.command(`DROP DATABASE ${database}`)
      await ingest.close()
    },
  }
}
