// OpenTelemetry 3.x with its own exporters, on Node 24, which it needs; npm brings both on the first run.
import { execFile } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type Local, startLocal } from "@clickstack/local"
import { afterAll, beforeAll, expect, test } from "vitest"
import { npmInstall } from "../node/packed.ts"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { freePorts } from "./temporary.ts"

const directory = join(tmpdir(), "clickstack-test-exporters-0.301.0")
const app = join(directory, "exporters-3.mjs")
let local: Local
let node: string

beforeAll(async () => {
  node = await nodeBinary("24")
  mkdirSync(directory, { recursive: true })
  if (!existsSync(join(directory, "node_modules", "@opentelemetry", "sdk-trace"))) {
    const exporters = ["trace", "logs", "metrics"].flatMap((signal) =>
      ["http", "proto", "grpc"].map((protocol) => `exporter-${signal}-otlp-${protocol}@0.301.0`),
    )
    const sdks = ["resources", "sdk-logs", "sdk-metrics", "sdk-trace"].map((name) => `${name}@3.1.0`)
    const all = ["api@1.10.0", ...sdks, ...exporters].map((name) => `@opentelemetry/${name}`)
    await npmInstall(directory, all)
  }
  copyFileSync(fileURLToPath(new URL("fixtures/exporters-3.mjs", import.meta.url)), app)
  local = await startLocal({ memory: true, ...freePorts })
}, 300_000)

afterAll(() => local?.close())

test.each(["http", "proto", "grpc"])("over %s", async (protocol) => {
  const endpoint = protocol === "grpc" ? local.otlp.grpc : local.otlp.http
  await promisify(execFile)(node, [app, protocol, endpoint ?? ""])
  const rows = (columns: string, table: string) =>
    local.query(`SELECT ${columns} FROM ${table} WHERE ServiceName = {service:String}`, {
      params: { service: `three-${protocol}` },
    })
  expect(
    await rows("SpanName, SpanKind, ScopeName, SpanAttributes, StatusCode, StatusMessage", "otel_traces"),
  ).toEqual([
    {
      SpanName: "GET /cart",
      SpanKind: "Server",
      ScopeName: "cart",
      SpanAttributes: { items: "3", list: '["a","b"]' },
      StatusCode: "Error",
      StatusMessage: "no stock",
    },
  ])
  expect(await rows("Body, SeverityText, SeverityNumber, LogAttributes", "otel_logs")).toEqual([
    { Body: "stock is low", SeverityText: "warn", SeverityNumber: 13, LogAttributes: { left: "2" } },
  ])
  expect(await rows("MetricName, Value, IsMonotonic, Attributes", "otel_metrics_sum")).toEqual([
    { MetricName: "orders", Value: 3, IsMonotonic: true, Attributes: { region: "eu" } },
  ])
})
