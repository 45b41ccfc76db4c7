import { expect, test } from "vitest"
import { resolveConfig } from "./read-options.ts"
import { describeSettings, startupLine } from "./describe.ts"

test("tells every value with its source", () => {
  const described = describeSettings(
    resolveConfig({ service: "shop", traces: false }, { OTEL_EXPORTER_OTLP_ENDPOINT: "https://c.example" }),
  )
  expect(described["service"]).toEqual({ value: "shop", source: "code" })
  expect(described["traces.exporter"]).toEqual({ value: "none", source: "code" })
  expect(described["endpoint"]).toEqual({
    value: "https://c.example/",
    source: "OTEL_EXPORTER_OTLP_ENDPOINT",
  })
  expect(described["logs.endpoint"]!.value).toBe("https://c.example/v1/logs")
  expect(described["timeout"]).toEqual({ value: 10_000, source: "default" })
})

test("masks every secret", () => {
  const exporter = { export: () => undefined, shutdown: () => Promise.resolve(), password: "hush-1" }
  const resolution = resolveConfig(
    {
      apiKey: "hush-2",
      headers: { authorization: "hush-3" },
      logs: { headers: { "x-tenant": "hush-4" }, destination: { logs: exporter as never } },
      clientKey: "hush-5",
      endpoint: "https://user:hush-6@c.example/?sig=hush-7",
      resourceAttributes: { "db.password": "hush-8", team: "a" },
    },
    {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://hush-9@t.example",
      CLICKSTACK_CLICKHOUSE_URL: "http://default:hush-10@localhost:8123",
      OTEL_EXPORTER_OTLP_HEADERS: "x-b=hush-11",
    },
  )
  const text = JSON.stringify(describeSettings(resolution)) + startupLine(resolution.config)
  expect(text).not.toContain("hush")
  expect(describeSettings(resolution)["headers"]!.value).toEqual({ authorization: "***", "x-b": "***" })
  expect(describeSettings(resolution)["resourceAttributes"]!.value).toEqual({
    "db.password": "***",
    team: "a",
  })
})

test("the line at start tells what goes where", () => {
  const line = (...given: Parameters<typeof resolveConfig>) =>
    startupLine(resolveConfig(...given).config, { name: "shop", version: undefined })
  expect(line({}, {})).toBe("shop: traces, logs, metrics to http://localhost:4318 (http/protobuf)")
  expect(line({ metrics: false, protocol: "grpc" }, {})).toBe(
    "shop: traces, logs to http://localhost:4317 (grpc); metrics off",
  )
  expect(line({}, { CLICKSTACK_CLICKHOUSE_URL: "http://u:p@db:8123" })).toBe(
    "shop: traces, logs, metrics to http://***@db:8123/",
  )
  expect(line({ disabled: true }, {})).toBe("disabled, nothing is recorded")
})
