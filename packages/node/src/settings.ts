// Every setting: its option in code, its environment variables, its default, one line about it. The configuration,
// its errors and CONFIGURATION.md are all made from this table.
import { table } from "./instrumentation/table.ts"
import { capture, redact } from "./privacy-config.ts"
import { samplingSettings } from "./sampling/sampling-config.ts"
import type { Signal } from "./signals.ts"
import {
  address,
  clickhouseAddress,
  either,
  flag,
  flagOrDigit,
  headerName,
  headers,
  host,
  integer,
  listOf,
  objectWith,
  oneOf,
  pairs,
  ratio,
  type Setting,
  setting,
  text,
  textOrFunction,
  type ValueKind,
} from "./setting.ts"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null
const isDestination = (value: unknown) =>
  value === "otlp" || (isObject(value) && ["spans", "logs", "metrics"].some((name) => name in value))
const destination: ValueKind = {
  ...objectWith(
    '"otlp", an object with spans, logs or metrics exporters such as clickhouse({ url }), or an array of these',
  ),
  check: (value) => {
    const given = Array.isArray(value) ? value : [value]
    return given.length > 0 && given.every(isDestination) ? given : destination.parse("")
  },
}
const samplerNames = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
]
const milliseconds = (min = 0) => integer("milliseconds", min)
const certificate: ValueKind = {
  ...text,
  expected: "the path of a PEM file (in code also the PEM text itself)",
}

const general: Setting[] = [
  setting("service", text, undefined, "The name of this service, `service.name`.", {
    variables: ["OTEL_SERVICE_NAME"],
    attribute: "service.name",
    fallbackText: "the name in the app's package.json",
  }),
  setting("serviceVersion", text, undefined, "Its version, `service.version`.", {
    attribute: "service.version",
    fallbackText: "the version in the app's package.json",
  }),
  setting("environment", text, undefined, "Where it runs, `deployment.environment.name`.", {
    variables: ["NODE_ENV"],
    attribute: "deployment.environment.name",
    fallbackText: "none",
  }),
  setting("resourceAttributes", pairs, {}, "More resource attributes, on everything that is sent.", {
    variables: ["OTEL_RESOURCE_ATTRIBUTES"],
    merged: true,
  }),
  setting(
    "detectors",
    listOf(objectWith("resource detectors (objects with a detect method)", "detect")),
    [],
    "OpenTelemetry resource detectors, such as those for a cloud. They run in the background: what is sent waits for them, the app does not.",
    { codeOnly: true },
  ),
  setting(
    "endpoint",
    address,
    undefined,
    "The collector. `/v1/traces`, `/v1/logs` and `/v1/metrics` are appended (not for gRPC).",
    {
      variables: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
      fallbackText: "`http://localhost:4318`, for gRPC `http://localhost:4317`",
    },
  ),
  setting(
    "apiKey",
    textOrFunction,
    undefined,
    "The ingestion key, sent as `authorization` to the origin of `endpoint` and nowhere else. In code also a function, asked before each request.",
    { variables: ["HYPERDX_API_KEY"], secret: true, fallbackText: "none" },
  ),
  setting(
    "apiKeyScheme",
    oneOf("raw", "bearer"),
    "raw",
    "How the key is sent: as it is, or after `Bearer `.",
  ),
  setting(
    "destination",
    destination,
    undefined,
    'Where everything goes: `clickhouse({ url })` of `@clickstack/ingest`, any object with `spans`, `logs` or `metrics` exporters, `"otlp"`, or an array of these.',
    { codeOnly: true, fallbackText: '`"otlp"`' },
  ),
  setting(
    "clickhouseUrl",
    clickhouseAddress,
    undefined,
    "Write straight to this ClickHouse, through `@clickstack/ingest`. It replaces OTLP, unless `endpoint` comes from the same kind of source: then both.",
    { secret: true, fallbackText: "none" },
  ),
  setting(
    "delivery",
    flag,
    true,
    "`false`: OpenTelemetry's own batch processors and OTLP exporters (http/json) as they are, which lose what the collector does not take.",
  ),
  setting(
    "spool",
    either(flag, text),
    true,
    "Whether what cannot be delivered goes to disk, or the directory for it.",
    { fallbackText: "`true`: a private directory under the user's state directory" },
  ),
  setting(
    "spoolBytes",
    integer("bytes", 65_536),
    512 * 1024 * 1024,
    "How much each signal of a service may keep on disk for one destination; the oldest is dropped first.",
  ),
  setting("spoolAge", integer("seconds", 1), 7 * 24 * 3600, "How long it is kept there, in seconds."),
  setting(
    "queueBytes",
    integer("bytes", 65_536),
    64 * 1024 * 1024,
    "How much all signals and destinations together may keep in memory; more goes to disk.",
  ),
  setting(
    "propagators",
    listOf(oneOf("tracecontext", "baggage", "none"), isObject),
    ["tracecontext", "baggage"],
    "How traces go on to other services; in code also propagator objects.",
    {
      variables: ["OTEL_PROPAGATORS"],
    },
  ),
  setting(
    "propagateTo",
    listOf(host),
    [],
    "The hosts that get the baggage, and with it the session, besides this machine: `api.example.com`, `*.example.com`, `kafka`, or `*` for all.",
  ),
  setting(
    "traceparentTo",
    listOf(host),
    ["*"],
    "The hosts that get `traceparent` and `tracestate` besides those and this machine; `none` for no other.",
  ),
  setting(
    "trustIncoming",
    flag,
    true,
    "`false`: what requests and messages bring along counts for nothing: no traceparent, no baggage, no session. For servers that anybody can reach.",
  ),
  setting("sessionHeader", headerName, "x-session-id", "The header in which a client may name its session."),
  setting(
    "baggageAttributes",
    listOf(text),
    [],
    "More keys of the baggage that become attributes of spans and logs, besides `session.id`, `user.id` and `account.id`.",
  ),
  setting(
    "serverTiming",
    flag,
    false,
    "Whether responses carry `Server-Timing: traceparent`, by which a browser finds the trace of its request.",
  ),
  setting(
    "sampler",
    either(oneOf(...samplerNames), objectWith("a Sampler object in code", "shouldSample")),
    "parentbased_always_on",
    "Who decides which traces are sampled, and whether it is decided where they began (`parentbased_...`), by OpenTelemetry's names; `sampling` has the rest.",
    {
      variables: ["OTEL_TRACES_SAMPLER"],
    },
  ),
  setting(
    "samplerRatio",
    ratio,
    1,
    "The share of traces for the two `traceidratio` samplers; `sampling.ratio` is the short form of `parentbased_traceidratio` with a share.",
    {
      variables: ["OTEL_TRACES_SAMPLER_ARG"],
    },
  ),
  setting(
    "exitBudget",
    milliseconds(),
    2000,
    "How long sending what is left may delay the end of the process, in ms.",
  ),
  setting(
    "stopOnSignals",
    flag,
    true,
    "Whether SIGTERM and SIGINT that the app does not listen to send what is left before the process ends by them. `false` leaves them alone entirely.",
    { variables: ["HDX_NODE_STOP_ON_TERMINATION_SIGNALS"] },
  ),
  setting(
    "logLevel",
    oneOf("none", "error", "warn", "info", "debug", "verbose", "all"),
    "warn",
    "What this SDK itself says on stderr.",
    {
      variables: ["OTEL_LOG_LEVEL"],
    },
  ),
  setting("startupLine", flag, undefined, "Whether one line on stderr says at start what is on.", {
    variables: ["HYPERDX_STARTUP_LOGS"],
    fallbackText: "when stderr is a terminal, or `logLevel` is `info` or more",
  }),
  setting("disabled", flag, false, "Turns everything off but the propagation of traces.", {
    variables: ["OTEL_SDK_DISABLED"],
  }),
]

/** What can be set for all signals and for one: OTEL_EXPORTER_OTLP_X and OTEL_EXPORTER_OTLP_TRACES_X. */
function perSignal(signal?: Signal): Setting[] {
  const prefix = signal === undefined ? "" : `${signal}.`
  const otlp = (name: string) => [
    `OTEL_EXPORTER_OTLP_${signal === undefined ? "" : `${signal.toUpperCase()}_`}${name}`,
  ]
  const one = (
    name: string,
    kind: ValueKind,
    fallback: unknown,
    about: string,
    variable: string,
    more: Partial<Setting> = {},
  ) =>
    setting(
      `${prefix}${name}`,
      kind,
      fallback,
      signal === undefined ? about : `As \`${name}\`, for ${signal} alone.`,
      {
        variables: otlp(variable),
        ...(signal === undefined ? {} : { general: name }),
        ...more,
      },
    )
  return [
    one("headers", headers, {}, "More headers of every request; names in any case.", "HEADERS", {
      merged: true,
      secret: true,
    }),
    one(
      "protocol",
      oneOf("http/protobuf", "http/json", "grpc"),
      undefined,
      "How OTLP is spoken.",
      "PROTOCOL",
      {
        fallbackText: "`http/protobuf`; with `delivery: false` `http/json`",
      },
    ),
    one(
      "compression",
      oneOf("gzip", "zstd", "none"),
      "gzip",
      "`zstd` needs Node 22.15, 23.8 or later and is not for gRPC; elsewhere it is `gzip`, and a line says so.",
      "COMPRESSION",
    ),
    one("timeout", milliseconds(1), 10_000, "The deadline of one request, in ms.", "TIMEOUT"),
    one(
      "certificate",
      certificate,
      undefined,
      "Certificate authorities to trust: a PEM file, in code also PEM text.",
      "CERTIFICATE",
      { fallbackText: "those of Node" },
    ),
    one(
      "clientCertificate",
      certificate,
      undefined,
      "Our certificate, where the collector asks for one.",
      "CLIENT_CERTIFICATE",
      { fallbackText: "none" },
    ),
    one("clientKey", certificate, undefined, "The key of our certificate.", "CLIENT_KEY", {
      secret: true,
      fallbackText: "none",
    }),
    one("insecure", flag, false, "gRPC without TLS for an endpoint that has no scheme.", "INSECURE"),
  ]
}

/** What each signal has of its own. */
function ofSignal(signal: Signal): Setting[] {
  const upper = signal.toUpperCase()
  return [
    setting(
      `${signal}.exporter`,
      oneOf("otlp", "none"),
      "otlp",
      `\`none\` turns ${signal} off, as does \`${signal}: false\`.`,
      {
        variables: [`OTEL_${upper}_EXPORTER`],
      },
    ),
    setting(`${signal}.destination`, destination, undefined, `Where ${signal} go instead.`, {
      codeOnly: true,
      fallbackText: "`destination`",
    }),
    setting(
      `${signal}.endpoint`,
      address,
      undefined,
      `The full address for ${signal}; nothing is appended. \`apiKey\` goes there only if it has the origin of \`endpoint\`.`,
      {
        variables: [`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`],
        fallbackText: "made of `endpoint`",
      },
    ),
    ...perSignal(signal),
  ]
}

function queue(signal: "traces" | "logs", processor: string, delay: number): Setting[] {
  const one = (
    name: string,
    kind: ValueKind,
    fallback: number | undefined,
    about: string,
    variable: string,
    fallbackText?: string,
  ) =>
    setting(`${signal}.${name}`, kind, fallback, about, {
      variables: [`OTEL_${processor}_${variable}`],
      ...(fallbackText === undefined ? {} : { fallbackText }),
    })
  return [
    one(
      "queueSize",
      integer("items", 1),
      undefined,
      "With `delivery: false`: how many may wait to be sent. Otherwise `queueBytes` is the bound.",
      "MAX_QUEUE_SIZE",
      "2048",
    ),
    one(
      "batchSize",
      integer("items", 1),
      undefined,
      "How many go into one request at most.",
      "MAX_EXPORT_BATCH_SIZE",
      "2048 as OTLP in protobuf, else 512",
    ),
    one(
      "delay",
      milliseconds(),
      delay,
      "How long an item waits for others before it is sent, in ms.",
      "SCHEDULE_DELAY",
    ),
    one(
      "exportTimeout",
      milliseconds(1),
      30_000,
      "How long `flush()` waits at most, in ms.",
      "EXPORT_TIMEOUT",
    ),
  ]
}

const metrics: Setting[] = [
  setting("metrics.interval", milliseconds(1), 60_000, "How often metrics are collected and sent, in ms.", {
    variables: ["OTEL_METRIC_EXPORT_INTERVAL"],
  }),
  setting(
    "metrics.exportTimeout",
    milliseconds(1),
    30_000,
    "How long one collection and `flush()` may take, in ms.",
    {
      variables: ["OTEL_METRIC_EXPORT_TIMEOUT"],
    },
  ),
  setting(
    "metrics.temporality",
    oneOf("cumulative", "delta", "lowmemory"),
    "cumulative",
    "Whether sums start at the process's start or at the last collection.",
    {
      variables: ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"],
    },
  ),
  setting(
    "metrics.histogram",
    oneOf("explicit_bucket_histogram", "base2_exponential_bucket_histogram"),
    "explicit_bucket_histogram",
    "What histograms become.",
    { variables: ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"] },
  ),
]

const count = (of: string) => integer(of, 0)
/** `specific` wins over the general OTEL_ATTRIBUTE_* of the same limit. */
const limit = (
  path: string,
  kind: ValueKind,
  fallback: number | undefined,
  about: string,
  ...variables: string[]
) =>
  setting(`limits.${path}`, kind, fallback, about, {
    variables,
    ...(fallback === undefined ? { fallbackText: "no limit" } : {}),
  })

const limits: Setting[] = [
  limit(
    "spanAttributes",
    count("attributes"),
    128,
    "Attributes of a span.",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
  ),
  limit(
    "spanAttributeLength",
    count("characters"),
    undefined,
    "Characters of a span's attribute value.",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  ),
  limit("spanEvents", count("events"), 128, "Events of a span.", "OTEL_SPAN_EVENT_COUNT_LIMIT"),
  limit("spanLinks", count("links"), 128, "Links of a span.", "OTEL_SPAN_LINK_COUNT_LIMIT"),
  limit(
    "eventAttributes",
    count("attributes"),
    128,
    "Attributes of an event.",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
  ),
  limit(
    "linkAttributes",
    count("attributes"),
    128,
    "Attributes of a link.",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
  ),
  limit(
    "logAttributes",
    count("attributes"),
    128,
    "Attributes of a log record.",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
  ),
  limit(
    "logAttributeLength",
    count("characters"),
    undefined,
    "Characters of a log record's attribute value.",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  ),
]

const sizes: Setting[] = [
  limit(
    "valueBytes",
    integer("bytes", 256),
    64 * 1024,
    "Bytes of one attribute's value, or of a log's body; what is longer is cut and marked.",
  ),
  limit("recordBytes", integer("bytes", 1024), 1024 * 1024, "Bytes of one span, log record or data point."),
]

const aboutOwn: Readonly<Record<string, string>> = {
  console: "What is written with `console.log` and its like as log records.",
  pino: "Lines of `pino` as log records, and trace ids in them.",
  winston: "Lines of `winston` as log records, and trace ids in them.",
  bunyan: "Lines of `bunyan` as log records, and trace ids in them.",
  runtime: "Metrics of the event loop, V8's heap and garbage collection.",
  host: "Metrics of processor and memory, of the process and of the machine.",
}

const instrumentation: Setting[] = [
  setting(
    "instrumentation.all",
    flag,
    true,
    "Whether libraries are instrumented; `instrumentation: false` is the same. What is switched on by name stays on. OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS (lists of names) are honoured too.",
    { variables: ["CLICKSTACK_INSTRUMENTATION"] },
  ),
  setting(
    "instrumentation.ignorePaths",
    listOf(text),
    [],
    "Paths of incoming requests that are not traced, such as `/health`; a `*` at the end stands for any rest.",
  ),
  setting(
    "instrumentation.ignoreRoutes",
    listOf(text),
    [],
    "Routes, as the framework names them, such as `/health/:part`: their server spans are left out at the end.",
  ),
  setting(
    "instrumentation.clickhouseQueryText",
    flag,
    false,
    "Whether spans of `@clickhouse/client` hold the query, with `?` for its literals, and the words of exceptions.",
  ),
  setting(
    "instrumentation.clickhouseLogComment",
    flag,
    false,
    "Whether its queries carry trace, span and service as `log_comment`, by which `system.query_log` can be searched.",
  ),
  ...table.map(({ name, modules, off }) =>
    setting(
      `instrumentation.${name}`,
      name === "console" ? flagOrDigit : flag,
      off !== true,
      aboutModules(name, modules),
      {
        variables: name === "console" ? ["HDX_NODE_CONSOLE_CAPTURE"] : [],
      },
    ),
  ),
]

function aboutModules(name: string, modules: readonly string[]): string {
  if (aboutOwn[name] !== undefined) return aboutOwn[name]
  const names = modules.map((one) => `\`${one.replace(/^channel:(undici).*/, "$1")}\``)
  return `Spans of ${names.join(", ")}.`
}

export const settings: readonly Setting[] = [
  ...general,
  ...samplingSettings,
  ...capture,
  ...redact,
  ...instrumentation,
  ...perSignal(),
  ...ofSignal("traces"),
  ...queue("traces", "BSP", 5000),
  ...ofSignal("logs"),
  ...queue("logs", "BLRP", 1000),
  setting(
    "logs.injectTraceIds",
    flag,
    true,
    "Whether the app's own lines of pino, winston and bunyan get `trace_id`, `span_id` and `trace_flags`, inside a trace.",
  ),
  ...ofSignal("metrics"),
  ...metrics,
  ...limits,
  ...sizes,
]
