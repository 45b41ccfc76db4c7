import { expect, test } from "vitest"
import { plainStart, startOf } from "./at-start.ts"
import { configFrom } from "./config.ts"
import { settings } from "./settings.ts"

const full = (env: NodeJS.ProcessEnv) => startOf(configFrom(new Map(), env).config)

test("nothing in the environment is what the configuration says of nothing", () => {
  expect(plainStart({})).toEqual(full({}))
})

const texts = [
  "true",
  "false",
  "1",
  "0",
  "none",
  "info",
  "x=1",
  "http://c.example:4318",
  "gzip",
  "always_off",
]
const variables = [...new Set(settings.flatMap((setting) => setting.variables))]

test.each(variables)("%s: the start decides as the configuration does, or leaves it to that", (name) => {
  for (const text of texts) {
    const env = { [name]: text }
    const plain = plainStart(env)
    if (plain !== undefined) expect(plain).toEqual(full(env))
  }
})

test("what most apps set about where to and what they are called needs no configuration at the start", () => {
  const env = {
    HYPERDX_API_KEY: "k",
    NODE_ENV: "production",
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://c.example",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=k",
    OTEL_LOG_LEVEL: "error",
    OTEL_SERVICE_NAME: "shop",
    CLICKSTACK_API_KEY: "k",
    CLICKSTACK_CLICKHOUSE_URL: "http://ch.example:8123",
  }
  expect(plainStart(env)).toEqual(full(env))
})

test.each([
  "OTEL_SDK_DISABLED",
  "otel_sdk_disabled",
  "CLICKSTACK_ENDPONT",
  "OTEL_NODE_DISABLED_INSTRUMENTATIONS",
])("%s is left to the configuration", (name) => expect(plainStart({ [name]: "true" })).toBeUndefined())
