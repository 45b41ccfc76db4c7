// What the server is started with: each tool a user might pick, at its own defaults but for where it sends.
import { join } from "node:path"

export interface Peer {
  readonly name: string
  readonly packages: readonly string[]
  /** Loaded before the app. */
  readonly preload: string | undefined
  /** How the app makes a span of its own with it. */
  readonly span: "none" | "opentelemetry" | "dd-trace" | "sentry"
  /** Left out of a Node that it does not run on. */
  readonly oldest?: number
  readonly latest?: number
}

const upstream = [
  "@opentelemetry/api@1.9.1",
  "@opentelemetry/sdk-node@0.223.0",
  "@opentelemetry/auto-instrumentations-node@0.81.2",
  "@fastify/otel@0.21.2",
]

/** What the app itself needs, in each directory, so that each tool sees the same. */
export const appPackages: readonly string[] = ["express@5.3.0", "fastify@5.12.8", "pg@8.23.1", "pino@10.4.0"]

export const peers: readonly Peer[] = [
  { name: "bare Node", packages: [], preload: undefined, span: "none" },
  {
    name: "@clickstack/node",
    packages: ["@opentelemetry/api@1.9.1"],
    preload: "@clickstack/node/register",
    span: "opentelemetry",
  },
  { name: "upstream 0.223", packages: upstream, preload: "./upstream.cjs", span: "opentelemetry" },
  {
    name: "dd-trace 6.21",
    packages: ["dd-trace@6.21.0"],
    preload: "dd-trace/init",
    span: "dd-trace",
    oldest: 22,
  },
  {
    name: "dd-trace 5.132",
    packages: ["dd-trace@5.132.0"],
    preload: "dd-trace/init",
    span: "dd-trace",
    latest: 21,
  },
  {
    name: "@sentry/node 10.78",
    packages: ["@sentry/node@10.78.0"],
    preload: "@sentry/node/init",
    span: "sentry",
  },
  {
    name: "@elastic/opentelemetry-node 1.18",
    packages: ["@elastic/opentelemetry-node@1.18.0", "@opentelemetry/api@1.9.1"],
    preload: "@elastic/opentelemetry-node",
    span: "opentelemetry",
  },
  {
    name: "@hyperdx/node-opentelemetry 0.11",
    packages: ["@hyperdx/node-opentelemetry@0.11.0", "@opentelemetry/api@1.9.1"],
    preload: "@hyperdx/node-opentelemetry/build/src/tracing",
    span: "opentelemetry",
    oldest: 22,
  },
  {
    name: "@hyperdx/node-opentelemetry 0.10.5",
    packages: ["@hyperdx/node-opentelemetry@0.10.5", "@opentelemetry/api@1.9.1"],
    preload: "@hyperdx/node-opentelemetry/build/src/tracing",
    span: "opentelemetry",
    latest: 21,
  },
]

/** Where everything goes: a sink of this run's own. */
export const environment = (sink: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: "",
  NODE_ENV: "production",
  OTEL_EXPORTER_OTLP_ENDPOINT: sink,
  OTEL_SERVICE_NAME: "bench",
  OTEL_LOG_LEVEL: "none",
  OTEL_NODE_RESOURCE_DETECTORS: "env", // others ask the network
  OTEL_METRICS_EXPORTER: "none", // the others measure metrics in different ways, and some none
  CLICKSTACK_STATE_DIRECTORY: join(process.cwd(), "node_modules", ".cache", "bench-http"),
  HYPERDX_API_KEY: "none",
  HYPERDX_STARTUP_LOGS: "false",
  ELASTIC_OTEL_METRICS_DISABLED: "true",
  SENTRY_DSN: sink.replace("http://", "http://key@") + "/1",
  SENTRY_TRACES_SAMPLE_RATE: "1",
  DD_TRACE_AGENT_URL: sink,
  DD_TRACE_RATE_LIMIT: "-1", // or it would keep 100 traces a second
  DD_TRACE_SAMPLE_RATE: "1",
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
  DD_REMOTE_CONFIGURATION_ENABLED: "false",
  DD_TRACE_STARTUP_LOGS: "false",
})

/** OpenTelemetry's own set-up, as its manual has it, with what these apps use. */
export const upstreamPreload = `const { NodeSDK } = require("@opentelemetry/sdk-node")
const { getNodeAutoInstrumentations } = require("@opentelemetry/auto-instrumentations-node")
const { FastifyOtelInstrumentation } = require("@fastify/otel")
process.env.OTEL_NODE_ENABLED_INSTRUMENTATIONS = "http,express,pg,pino"
new NodeSDK({
  instrumentations: [getNodeAutoInstrumentations(), new FastifyOtelInstrumentation({ registerOnInitialization: true })],
}).start()
`
