// 100,000 mutated requests, from a seed: each is refused as malformed or taken as what it says, never with another
// error, a crash, a hang, or a success for something else.
import { isDeepStrictEqual } from "node:util"
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer"
import {
  logsFromJson,
  logsFromProtobuf,
  metricsFromJson,
  metricsFromProtobuf,
  ReceiverError,
  startReceiver,
  tracesFromJson,
  tracesFromProtobuf,
} from "@clickstack/receiver"
import { expect, test } from "vitest"
import { otlpJson } from "./otlp-json.ts"
import { requestTypes } from "./otlp-schema.ts"
import { call, json, post, protobuf } from "./requests.ts"
import { logs, metrics, spans } from "./telemetry.ts"

const SEED = 20_261_120

/** Mulberry32: the same numbers on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** One to four changes of the kinds that networks, disks and bad encoders make. */
function mutate(original: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(original)
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length + 1)
    switch (random(8)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8)
        break
      case 1:
        if (at < bytes.length) bytes[at] = random(256)
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))])
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), randomBytes(1 + random(8), random), bytes.subarray(at)])
        break
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))])
        break
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length + 1))])
        break
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          interesting[random(interesting.length)]!,
          bytes.subarray(at),
        ])
    }
  }
  return bytes
}

const randomBytes = (length: number, random: (below: number) => number) =>
  Buffer.from(Array.from({ length }, () => random(256)))

/** Ends of varints, lengths that are too long, groups, and what JSON is sensitive to. */
const interesting = [
  "ffffffffffffffffff01",
  "80808080808080808080",
  "0aff ffff ff0f",
  "0b0c",
  "0a00",
  "08ffffffff0f",
]
  .map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex"))
  .concat(
    ['"', "\\", "{", "}", "[", "]", ",", "null", "1e999", "-", "\\ud800", '"__proto__":{},'].map((text) =>
      Buffer.from(text),
    ),
  )

const sources = [
  {
    signal: "traces",
    decode: tracesFromProtobuf,
    fromJson: tracesFromJson,
    seed: ProtobufTraceSerializer.serializeRequest(spans(11).slice(9)),
  },
  {
    signal: "logs",
    decode: logsFromProtobuf,
    fromJson: logsFromJson,
    seed: ProtobufLogsSerializer.serializeRequest(logs(2)),
  },
  {
    signal: "metrics",
    decode: metricsFromProtobuf,
    fromJson: metricsFromJson,
    seed: ProtobufMetricsSerializer.serializeRequest(metrics(32)),
  },
  {
    signal: "traces",
    decode: tracesFromJson,
    seed: JsonTraceSerializer.serializeRequest(spans(11).slice(9)),
  },
  { signal: "logs", decode: logsFromJson, seed: JsonLogsSerializer.serializeRequest(logs(2)) },
  { signal: "metrics", decode: metricsFromJson, seed: JsonMetricsSerializer.serializeRequest(metrics(32)) },
] as const

const seeds = sources.map(({ seed }) => Buffer.from(seed!))

/** The mutated requests in order; the same for every run. */
function* mutations(count: number) {
  const random = randomFrom(SEED)
  for (let n = 0; n < count; n++) {
    const which = n % sources.length
    yield { n, source: sources[which]!, bytes: mutate(seeds[which]!, seeds[random(seeds.length)]!, random) }
  }
}

const attempt = <T>(run: () => T): { value: T } | { error: unknown } => {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}

test(
  "100,000 mutated requests are refused as malformed, or taken as what they say",
  { timeout: 240_000 },
  () => {
    const counts = { taken: 0, refused: 0 }
    for (const { n, source, bytes } of mutations(100_000)) {
      const started = performance.now()
      const result = attempt(() => source.decode(bytes))
      const millis = performance.now() - started
      const where = `mutation ${n} of seed ${SEED}, ${bytes.toString("hex")}`
      if (millis > 1_000) expect.fail(`took ${millis} ms: ${where}`)
      if ("error" in result) {
        counts.refused++
        const { error } = result
        if (!(error instanceof ReceiverError && error.code === "MALFORMED"))
          expect.fail(`${String(error)}: ${where}`)
        continue
      }
      counts.taken++
      const reason = "fromJson" in source ? wrongProtobuf(source, bytes, result.value) : wrongJson(bytes)
      if (reason !== undefined) expect.fail(`${reason}: ${where}`)
    }
    // Both kinds are there in numbers, so both checks mean something.
    expect(counts.taken).toBeGreaterThan(5_000)
    expect(counts.refused).toBeGreaterThan(50_000)
  },
)

/** What is wrong with having taken these bytes as `taken`, by another reader's judgement. */
function wrongProtobuf(
  { signal, fromJson }: { signal: keyof typeof requestTypes; fromJson: (bytes: Buffer) => unknown[] },
  bytes: Buffer,
  taken: unknown[],
): string | undefined {
  const theirs = attempt(() => fromJson(otlpJson(requestTypes[signal], bytes)))
  if ("error" in theirs) {
    // Text that is not UTF-8 is taken with U+FFFD in it: one such value must not cost a batch.
    return /utf-8/.test(String(theirs.error)) ? undefined : `protobufjs refuses it (${String(theirs.error)})`
  }
  return isDeepStrictEqual(taken, theirs.value) ? undefined : "protobufjs reads something else"
}

function wrongJson(bytes: Buffer): string | undefined {
  const theirs = attempt(() => JSON.parse(bytes.toString()) as unknown)
  return "error" in theirs ? `JSON.parse refuses it (${String(theirs.error)})` : undefined
}

test("2,000 of them over HTTP and gRPC get the answer that decoding gives, and the receiver serves on", async () => {
  const sink = () => {}
  await using receiver = await startReceiver({
    httpPort: 0,
    grpcPort: 0,
    traces: sink,
    logs: sink,
    metrics: sink,
  })
  const grpcNames = {
    traces: "trace.v1.TraceService",
    logs: "logs.v1.LogsService",
    metrics: "metrics.v1.MetricsService",
  }
  for (const { n, source, bytes } of mutations(2_000)) {
    const expected = "error" in attempt(() => source.decode(bytes)) ? 400 : 200
    const isProtobuf = "fromJson" in source
    const answer = await post(`${receiver.url}/v1/${source.signal}`, bytes, isProtobuf ? protobuf : json)
    expect([n, answer.status]).toEqual([n, expected])
    if (!isProtobuf || n % 10 !== 0) continue
    const path = `/opentelemetry.proto.collector.${grpcNames[source.signal]}/Export`
    const { code } = await call(receiver.grpcUrl!, bytes, { path })
    expect([n, code]).toEqual([n, expected === 200 ? 0 : 3])
  }
  expect((await fetch(`${receiver.url}/health`)).status).toBe(200)
})
