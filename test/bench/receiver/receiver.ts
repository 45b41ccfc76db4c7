// How fast the receiver decodes, against protobufjs with generated code (the decoder that upstream's own requests
// would need: its otlp-transformer encodes requests and decodes only responses).
//
// Ours ends in OpenTelemetry's types; theirs ends in protobufjs messages, which still have to be turned into those.
// CPU time of this process, all contestants in turn in every round, medians.
import {
  logsFromJson,
  logsFromProtobuf,
  metricsFromJson,
  metricsFromProtobuf,
  tracesFromJson,
  tracesFromProtobuf,
} from "@clickstack/receiver"
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer"
import { median, table } from "../report.ts"
import { requestTypes } from "../../receiver/otlp-schema.ts"
import { logs, metrics, spans } from "../../receiver/telemetry.ts"

const ITEMS = 1_000
const ROUNDS = 50
const REPEATS = 5
const WARM_UP = 10

interface Contest {
  name: string
  bytes: number
  contestants: Record<"ours" | "protobufjs" | "JSON.parse", (() => unknown) | undefined>
}

const contestOf = (
  name: string,
  signal: keyof typeof requestTypes,
  encoded: Uint8Array | undefined,
  ours: (bytes: Buffer) => unknown,
  isJson: boolean,
): Contest => {
  const bytes = Buffer.from(encoded!)
  const type = requestTypes[signal]
  return {
    name,
    bytes: bytes.length,
    contestants: {
      ours: () => ours(bytes),
      protobufjs: isJson ? () => type.fromObject(JSON.parse(bytes.toString())) : () => type.decode(bytes),
      // The least that any decoder of JSON has to do.
      "JSON.parse": isJson ? () => JSON.parse(bytes.toString()) : undefined,
    },
  }
}

const [someSpans, someLogs, someMetrics] = [spans(ITEMS), logs(ITEMS), metrics(ITEMS)]
const contests = [
  contestOf(
    "1,000 spans, protobuf",
    "traces",
    ProtobufTraceSerializer.serializeRequest(someSpans),
    tracesFromProtobuf,
    false,
  ),
  contestOf(
    "1,000 logs, protobuf",
    "logs",
    ProtobufLogsSerializer.serializeRequest(someLogs),
    logsFromProtobuf,
    false,
  ),
  contestOf(
    "1,000 points, protobuf",
    "metrics",
    ProtobufMetricsSerializer.serializeRequest(someMetrics),
    metricsFromProtobuf,
    false,
  ),
  contestOf(
    "1,000 spans, JSON",
    "traces",
    JsonTraceSerializer.serializeRequest(someSpans),
    tracesFromJson,
    true,
  ),
  contestOf("1,000 logs, JSON", "logs", JsonLogsSerializer.serializeRequest(someLogs), logsFromJson, true),
  contestOf(
    "1,000 points, JSON",
    "metrics",
    JsonMetricsSerializer.serializeRequest(someMetrics),
    metricsFromJson,
    true,
  ),
]

/** Seconds of CPU that `run` takes, once. */
function cpuSeconds(run: () => unknown): number {
  const before = process.cpuUsage()
  for (let i = 0; i < REPEATS; i++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6 / REPEATS
}

const thousands = (n: number | undefined) =>
  n === undefined ? "" : (Math.round(n / 1000) * 1000).toLocaleString("en")

const rows = contests.map(({ name, bytes, contestants }) => {
  const times: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contestant, run] of Object.entries(contestants)) {
      if (run === undefined) continue
      const seconds = cpuSeconds(run)
      // The first rounds warm the code up.
      if (round >= WARM_UP) (times[contestant] ??= []).push(seconds)
    }
  }
  const perSecond = (contestant: string) => {
    const seconds = times[contestant]
    return seconds && ITEMS / median(seconds)
  }
  const ours = perSecond("ours")!
  const theirs = perSecond("protobufjs")!
  const floor = perSecond("JSON.parse")
  return [
    name,
    Math.round(bytes / 1024),
    thousands(ours),
    thousands(theirs),
    thousands(floor),
    (ours / theirs).toFixed(2),
  ]
})

console.log(
  `Node.js ${process.version}, medians of ${ROUNDS - WARM_UP} rounds; goals: 2 times protobufjs, 250,000 spans`,
)
console.log(
  table(
    ["what", "KiB", "ours / CPU s", "protobufjs / CPU s", "JSON.parse alone / CPU s", "times protobufjs"],
    rows,
  ),
)
