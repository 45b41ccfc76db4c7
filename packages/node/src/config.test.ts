// Every option and every variable: alone, in conflict, wrong.
import { userInfo } from "node:os"
import * as zlib from "node:zlib"
import { describe, expect, test } from "vitest"
import { ClickstackError } from "./clickstack-error.ts"
import { type Config, stateDirectory } from "./config.ts"
import { resolveConfig } from "./read-options.ts"
import type { Options } from "./options.ts"
import { table } from "./instrumentation/table.ts"
import type { Setting } from "./setting.ts"
import { settings } from "./settings.ts"
import { signals } from "./signals.ts"

interface Sample {
  /** As a variable's text; left out where there is no variable. */
  text?: string
  /** As an option. */
  code: unknown
  /** What either becomes, where that is not `code`. */
  becomes?: unknown
  /** A second value, to tell sources apart. */
  other?: string
  otherBecomes?: unknown
  wrong: unknown[]
  wrongText?: string
}

const exporter = { export: () => undefined, shutdown: () => Promise.resolve() }
const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => "mine" }
const whole: Sample = {
  text: "17",
  code: 17,
  other: "23",
  otherBecomes: 23,
  wrong: [-1, 1.5, "17", Infinity],
  wrongText: "many",
}
const named = (text: string, other: string): Sample => ({
  text,
  code: text,
  other,
  otherBecomes: other,
  wrong: ["?", 1],
  wrongText: "never-heard",
})
const words: Sample = { text: "one", code: "one", other: "two", otherBecomes: "two", wrong: ["", 1, {}] }
const yes: Sample = {
  text: "TRUE",
  code: true,
  other: "false",
  otherBecomes: false,
  wrong: ["true", 1],
  wrongText: "on",
}
const target: Sample = {
  code: { spans: exporter },
  becomes: [{ spans: exporter }],
  wrong: [{}, "clickhouse", [], [1]],
}
const url: Sample = {
  text: "https://one.example:4318/base",
  code: "https://one.example:4318/base",
  other: "https://two.example",
  otherBecomes: "https://two.example",
  wrong: ["one.example", "ftp://one.example", "", 4318, "http://"],
  wrongText: "collector",
}
const header: Sample = {
  text: "X-One=1%2C2,x-two=b",
  code: { "X-One": "1,2", "x-two": "b" },
  becomes: { "x-one": "1,2", "x-two": "b" },
  other: "x-one=other",
  otherBecomes: { "x-one": "other" },
  wrong: [{ "a b": "1" }, { a: 1 }, { a: "1\r\nb: 2" }, { a: "1 €" }, "a=1"],
  wrongText: "novalue",
}

const hosts: Sample = {
  text: "API.example.com, *.example.org:8443",
  code: ["api.example.com", "*.example.org:8443"],
  other: "*",
  otherBecomes: ["*"],
  wrong: ["*", ["https://example.com"], ["example.com/path"], ["*example.com"], [""]],
  wrongText: "https://example.com",
}

const paths: Sample = {
  text: "/health, /ready*",
  code: ["/health", "/ready*"],
  other: "/live",
  otherBecomes: ["/live"],
  wrong: ["/health", [1], [""]],
}

const headerNames: Sample = {
  text: "X-One, x-two",
  code: ["X-One", "x-two"],
  becomes: ["x-one", "x-two"],
  other: "x-other",
  otherBecomes: ["x-other"],
  wrong: ["x-one", ["a b"], [1], ["*"], [""]],
  wrongText: "*",
}
const unlessSaid: Sample = { ...yes, text: "false", code: false, other: "true", otherBecomes: true }

const samples: Record<string, Sample> = {
  ratio: {
    text: "0.25",
    code: 0.25,
    other: "1",
    otherBecomes: 1,
    wrong: [-0.1, 1.1, "0.5"],
    wrongText: "10%",
  },
  perSecond: { ...whole, wrong: [0, 1.5, "17", Infinity] },
  rules: {
    code: [
      { path: "/health*", ratio: 0 },
      { route: "/orders/:id", ratio: 1 },
    ],
    wrong: [
      { path: "/health", ratio: 0 },
      ["/health"],
      [{ ratio: 1 }],
      [{ path: "/a", route: "/b", ratio: 1 }],
      [{ path: "/a" }],
      [{ path: "/a", ratio: 2 }],
      [{ path: "", ratio: 1 }],
      [{ path: "/a", ratio: 1, method: "GET" }],
    ],
  },
  errors: yes,
  slowerThan: { ...whole, wrong: [0, 1.5, "17", Infinity] },
  requestHeaders: headerNames,
  responseHeaders: headerNames,
  queryStrings: unlessSaid,
  sqlLiterals: yes,
  clientAddress: unlessSaid,
  userAgent: unlessSaid,
  bodies: named("both", "request"),
  bodyBytes: whole,
  bodyTypes: {
    text: "Text/*, application/json",
    code: ["text/*", "application/json"],
    other: "text/html",
    otherBecomes: ["text/html"],
    wrong: ["text/html", ["json"], [1], ["text/html; charset=utf-8"]],
    wrongText: "json",
  },
  network: yes,
  exceptions: unlessSaid,
  sourceLines: unlessSaid,
  localVariables: yes,
  enabled: unlessSaid,
  keys: {
    ...words,
    text: "one, two",
    code: ["one", "two"],
    otherBecomes: ["two"],
    wrong: ["one", [1], [""]],
  },
  patterns: {
    text: "[A-Z]\\d{8}, two",
    code: ["[A-Z]\\d{8}", /two/y],
    becomes: [/[A-Z]\d{8}/g, /two/g],
    other: "three",
    otherBecomes: [/three/g],
    wrong: ["one", [1], [""], ["("]],
    wrongText: "(",
  },
  decide: { code: () => undefined, wrong: [{}, "all", true] },
  propagateTo: hosts,
  traceparentTo: hosts,
  trustIncoming: { ...yes, text: "false", code: false, other: "true", otherBecomes: true },
  sessionHeader: {
    text: "X-Visit",
    code: "X-Visit",
    becomes: "x-visit",
    other: "x-other",
    otherBecomes: "x-other",
    wrong: ["a b", "", 1],
    wrongText: "a:b",
  },
  baggageAttributes: {
    text: "tenant, plan",
    code: ["tenant", "plan"],
    other: "team",
    otherBecomes: ["team"],
    wrong: ["tenant", [1], [""]],
  },
  serverTiming: yes,
  service: words,
  serviceVersion: words,
  environment: words,
  resourceAttributes: {
    text: "team=a%20b,tier=1",
    code: { team: "a b", tier: "1" },
    other: "team=c",
    otherBecomes: { team: "c" },
    wrong: [{ a: {} }, "a=b", []],
    wrongText: "team=%zz",
  },
  detectors: { code: [{ detect: () => ({}) }], wrong: [[{}], {}] },
  endpoint: url,
  apiKey: words,
  apiKeyScheme: named("bearer", "raw"),
  destination: target,
  clickhouseUrl: {
    text: "http://u:p@one.example:8123/otel",
    code: "http://u:p@one.example:8123/otel",
    other: "chdb:./data",
    otherBecomes: "chdb:./data",
    wrong: ["one.example", "tcp://one.example:9000", "chdb:", "", 8123],
    wrongText: "tcp://one.example:9000",
  },
  delivery: { ...yes, text: "false", code: false, other: "true", otherBecomes: true },
  propagators: {
    text: "tracecontext, baggage",
    code: ["tracecontext", "baggage"],
    other: "baggage",
    otherBecomes: ["baggage"],
    wrong: ["baggage", ["b3"]],
    wrongText: "b3",
  },
  sampler: { ...named("always_off", "traceidratio"), wrong: ["sometimes", 1, {}] },
  samplerRatio: {
    text: "0.25",
    code: 0.25,
    other: "1e-3",
    otherBecomes: 0.001,
    wrong: [1.5, -0.1, "0.5", NaN],
    wrongText: "2",
  },
  exitBudget: whole,
  stopOnSignals: yes,
  logLevel: named("debug", "error"),
  startupLine: yes,
  disabled: yes,
  headers: header,
  protocol: named("http/json", "http/protobuf"),
  compression: named("none", "zstd"),
  timeout: whole,
  certificate: words,
  clientCertificate: words,
  clientKey: words,
  insecure: yes,
  exporter: named("none", "otlp"),
  spool: {
    text: "/var/spool/app",
    code: "/var/spool/app",
    other: "false",
    otherBecomes: false,
    wrong: [1, {}],
  },
  spoolBytes: {
    text: "1000000",
    code: 1_000_000,
    other: "70000",
    otherBecomes: 70_000,
    wrong: [1, "x"],
    wrongText: "12",
  },
  spoolAge: whole,
  queueBytes: {
    text: "1000000",
    code: 1_000_000,
    other: "70000",
    otherBecomes: 70_000,
    wrong: [1, "x"],
    wrongText: "12",
  },
  valueBytes: {
    text: "1000000",
    code: 1_000_000,
    other: "70000",
    otherBecomes: 70_000,
    wrong: [1, "x"],
    wrongText: "12",
  },
  recordBytes: {
    text: "1000000",
    code: 1_000_000,
    other: "70000",
    otherBecomes: 70_000,
    wrong: [1, "x"],
    wrongText: "12",
  },
  queueSize: whole,
  batchSize: whole,
  delay: whole,
  exportTimeout: whole,
  injectTraceIds: yes,
  interval: whole,
  temporality: named("delta", "lowmemory"),
  histogram: named("base2_exponential_bucket_histogram", "explicit_bucket_histogram"),
  spanAttributes: whole,
  spanAttributeLength: whole,
  spanEvents: whole,
  spanLinks: whole,
  eventAttributes: whole,
  linkAttributes: whole,
  logAttributes: whole,
  logAttributeLength: whole,
  all: yes,
  ignorePaths: paths,
  ignoreRoutes: paths,
  clickhouseQueryText: yes,
  clickhouseLogComment: yes,
  ...Object.fromEntries(table.map(({ name }) => [name, yes])),
  console: { ...yes, text: "1", other: "0", wrongText: "2" },
}

const sampleOf = ({ path }: Setting) => samples[path.split(".").at(-1)!]!
const options = (path: string, value: unknown): Options =>
  path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value as Options)
const resolved = ({ path }: Setting, given: Options, env: NodeJS.ProcessEnv) =>
  resolveConfig(given, env).resolved.get(path)!

describe.each(settings.map((setting) => [setting.path, setting] as const))("%s", (path, setting) => {
  const sample = sampleOf(setting)
  const becomes = sample?.becomes ?? sample?.code

  test("has a sample here", () => {
    expect(sample).toBeDefined()
  })

  test("as an option", () => {
    expect(resolved(setting, options(path, sample.code), {})).toMatchObject({
      value: becomes,
      source: "code",
    })
  })

  test("as undefined, like an option left out", () => {
    expect(resolved(setting, options(path, undefined), {}).value).toEqual(setting.fallback)
  })

  test.each(sample.wrong.map((value) => [value]))("wrong as an option: %j", (value) => {
    expect(() => resolveConfig(options(path, value), {})).toThrow(ClickstackError)
    expect(() => resolveConfig(options(path, value), {})).toThrow(`option "${path}" `)
  })

  for (const [index, variable] of setting.variables.entries()) {
    test(`as ${variable}`, () => {
      expect(resolved(setting, {}, { [variable]: ` ${sample.text} ` })).toMatchObject({
        value: becomes,
        source: variable,
      })
    })

    test(`${variable} empty counts as not set`, () => {
      const result = resolveConfig({}, { [variable]: "  " })
      expect(result.resolved.get(path)!.value).toEqual(setting.fallback)
      expect(result.warnings).toEqual([])
    })

    if (sample.wrongText !== undefined) {
      test(`${variable} wrong is one warning and counts as not set`, () => {
        const { warnings, resolved: all } = resolveConfig({}, { [variable]: sample.wrongText })
        expect(all.get(path)!.value).toEqual(setting.fallback)
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toContain(`${variable}=`)
        expect(warnings[0]).toContain("is ignored: it must be ")
        expect(warnings[0]!.includes(sample.wrongText!)).toBe(!setting.secret && !setting.merged)
      })
    }

    test(`an option wins over ${variable}`, () => {
      const { value, source } = resolved(setting, options(path, sample.code), { [variable]: sample.other! })
      expect(value).toEqual(becomes)
      expect(source).toMatch(/^code/)
    })

    const weaker = setting.variables[index + 1]
    if (weaker !== undefined) {
      test(`${variable} wins over ${weaker}`, () => {
        const { value } = resolved(setting, {}, { [variable]: sample.other!, [weaker]: sample.text! })
        if (setting.merged) expect(value).toMatchObject(sample.otherBecomes as object)
        else expect(value).toEqual(sample.otherBecomes)
      })
    }
  }

  if (setting.general !== undefined) {
    const general = settings.find((one) => one.path === setting.general)!

    test(`takes the value of ${setting.general}`, () => {
      expect(resolved(setting, options(general.path, sample.code), {}).value).toEqual(becomes)
      for (const variable of general.variables) {
        expect(resolved(setting, {}, { [variable]: sample.text! })).toMatchObject({
          value: becomes,
          source: variable,
        })
      }
    })

    test(`wins over ${setting.general} of the same kind of source, and loses to that of a stronger one`, () => {
      const [own, all] = [setting.variables.at(-1)!, general.variables.at(-1)!]
      const both = resolved(setting, {}, { [own]: sample.other!, [all]: sample.text! }).value
      const stronger = resolved(setting, options(general.path, sample.code), { [own]: sample.other! }).value
      if (setting.merged) {
        expect(both).toMatchObject(sample.otherBecomes as object)
        expect(stronger).toMatchObject(becomes as object)
      } else {
        expect(both).toEqual(sample.otherBecomes)
        expect(stronger).toEqual(becomes)
      }
    })
  }
})

describe("wrong options", () => {
  test.each<[string, unknown, string]>([
    [
      "a mistyped name",
      { endpont: "http://localhost" },
      'unknown option "endpont"; did you mean "endpoint"?',
    ],
    [
      "a mistyped name in a group",
      { traces: { headrs: {} } },
      'unknown option "traces.headrs"; did you mean "traces.headers"?',
    ],
    ["a name of a group", { spanEvents: 4 }, 'unknown option "spanEvents"; it belongs into limits'],
    [
      "a name that is like none",
      { limits: { zzzzzz: 1 } },
      'unknown option "limits.zzzzzz"; known are spanAttributes,',
    ],
    ["a group that is no object", { limits: false }, 'option "limits" must be an object of options'],
    ["options that are no object", "http://localhost", "init() takes an object of options"],
    [
      "a bad URL",
      { endpoint: "localhost" },
      "option \"endpoint\" is 'localhost'; it must be an http:// or https:// address",
    ],
    ["a bad ratio", { samplerRatio: 2 }, 'option "samplerRatio" is 2; it must be a number from 0 to 1'],
    [
      "a bad protocol",
      { traces: { protocol: "http" } },
      "option \"traces.protocol\" is 'http'; it must be http/protobuf, http/json or grpc",
    ],
    ["a secret", { apiKey: 12345 }, 'option "apiKey" is ***; it must be'],
    ["a password in a URL", { endpoint: "ftp://user:hunter2@host" }, 'option "endpoint" is ***; it must be'],
  ])("%s", (_, given, message) => {
    expect(() => resolveConfig(given as Options, {})).toThrow(message)
  })

  test("are all named in one error", () => {
    const attempt = () => resolveConfig({ servce: "x", timeout: -1 } as Options, {})
    expect(attempt).toThrow('unknown option "servce"; did you mean "service"?')
    expect(attempt).toThrow(
      'option "timeout" is -1; it must be a whole number of milliseconds from 1 to 2147483647',
    )
  })
})

describe("endpoints", () => {
  const endpoints = (given: Options, env: NodeJS.ProcessEnv = {}) => {
    const { config, warnings } = resolveConfig(given, env)
    return [config.traces.endpoint, config.logs.endpoint, config.metrics.endpoint, warnings.length]
  }
  const three = (base: string) => ["traces", "logs", "metrics"].map((signal) => `${base}/v1/${signal}`)
  const OTEL = "OTEL_EXPORTER_OTLP_ENDPOINT"

  test.each<[string, Options, NodeJS.ProcessEnv, unknown[]]>([
    ["by default", {}, {}, [...three("http://localhost:4318"), 0]],
    ["a base", { endpoint: "https://c.example" }, {}, [...three("https://c.example"), 0]],
    [
      "a base with slashes at its end",
      {},
      { [OTEL]: "https://c.example/otlp//" },
      [...three("https://c.example/otlp"), 0],
    ],
    [
      "a base with a query",
      { endpoint: "https://c.example/a?b=c" },
      {},
      ["traces", "logs", "metrics"].map((s) => `https://c.example/a/v1/${s}?b=c`).concat(0 as never),
    ],
    ["a URL object", { endpoint: new URL("http://c.example:1") }, {}, [...three("http://c.example:1"), 0]],
    [
      "one signal as it is",
      {},
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t.example/x/" },
      ["http://t.example/x/", ...three("http://localhost:4318").slice(1), 0],
    ],
    [
      "one signal wins over the base",
      {},
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l.example/", [OTEL]: "http://c.example" },
      ["http://c.example/v1/traces", "http://l.example/", "http://c.example/v1/metrics", 0],
    ],
    [
      "a base in code wins over one signal's variable",
      { endpoint: "http://c.example" },
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l.example/" },
      [...three("http://c.example"), 0],
    ],
    [
      "CLICKSTACK wins over OTEL",
      {},
      { CLICKSTACK_ENDPOINT: "http://a.example", [OTEL]: "http://b.example" },
      [...three("http://a.example"), 0],
    ],
    [
      "gRPC by default",
      { protocol: "grpc" },
      {},
      ["http://localhost:4317", "http://localhost:4317", "http://localhost:4317", 0],
    ],
    [
      "gRPC without a scheme is secure",
      { protocol: "grpc", endpoint: "c.example:4317" },
      {},
      Array(3).fill("https://c.example:4317").concat(0),
    ],
    [
      "gRPC without a scheme, insecure",
      { protocol: "grpc", insecure: true },
      { [OTEL]: "c.example:4317" },
      Array(3).fill("http://c.example:4317").concat(0),
    ],
    [
      "gRPC drops the path",
      { protocol: "grpc", endpoint: "http://c.example:4317/v1/traces" },
      {},
      Array(3).fill("http://c.example:4317").concat(0),
    ],
    [
      "one signal over gRPC",
      { traces: { protocol: "grpc" } },
      {},
      ["http://localhost:4317", ...three("http://localhost:4318").slice(1), 0],
    ],
    [
      "a base with a signal's path is a likely mistake",
      {},
      { [OTEL]: "http://c.example/v1/traces" },
      [...three("http://c.example/v1/traces"), 1],
    ],
    [
      "the port of the other protocol",
      {},
      { [OTEL]: "http://c.example:4317" },
      [...three("http://c.example:4317"), 1],
    ],
  ])("%s", (_, given, env, expected) => {
    expect(endpoints(given, env)).toEqual(expected)
  })

  test("the key goes to the origin of the base alone, and a signal elsewhere is told", () => {
    const { config, warnings } = resolveConfig(
      {
        endpoint: "https://c.example/base",
        apiKey: "k",
        logs: { endpoint: "https://c.example/logs" },
        traces: { endpoint: "https://t.example/x?token=hush" },
      },
      {},
    )
    expect([config.traces.sendsApiKey, config.logs.sendsApiKey, config.metrics.sendsApiKey]).toEqual([
      false,
      true,
      true,
    ])
    expect(warnings).toEqual([
      expect.stringContaining("the API key is not sent to https://t.example (traces)"),
    ])
  })
})

describe("combinations", () => {
  test.each<[string, Options, NodeJS.ProcessEnv, Partial<Config>]>([
    [
      "service from resource attributes",
      {},
      { OTEL_RESOURCE_ATTRIBUTES: "service.name=a" },
      { service: "a" },
    ],
    [
      "OTEL_SERVICE_NAME wins over resource attributes",
      {},
      { OTEL_RESOURCE_ATTRIBUTES: "service.name=a", OTEL_SERVICE_NAME: "b" },
      { service: "b" },
    ],
    [
      "resource attributes in code win over OTEL_SERVICE_NAME",
      { resourceAttributes: { "service.name": "a" } },
      { OTEL_SERVICE_NAME: "b" },
      { service: "a" },
    ],
    [
      "an environment from resource attributes wins over NODE_ENV",
      {},
      { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=prod", NODE_ENV: "test" },
      { environment: "prod" },
    ],
    [
      "an existing deployment",
      {},
      { HYPERDX_API_KEY: "k", OTEL_SERVICE_NAME: "s" },
      { apiKey: "k", service: "s" },
    ],
    [
      "our key wins over that of an existing deployment",
      {},
      { HYPERDX_API_KEY: "k", CLICKSTACK_API_KEY: "c" },
      { apiKey: "c" },
    ],
  ])("%s", (_, given, env, expected) => {
    expect(resolveConfig(given, env).config).toMatchObject(expected)
  })

  test("headers of all sources are put together, names in any case", () => {
    const { config } = resolveConfig(
      { headers: { "X-A": "code" }, traces: { headers: { "x-b": "code" } } },
      {
        OTEL_EXPORTER_OTLP_HEADERS: "x-a=env,X-C=env",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-b=env,x-c=traces",
      },
    )
    expect(config.traces.headers).toEqual({ "x-a": "code", "x-b": "code", "x-c": "traces" })
    expect(config.logs.headers).toEqual({ "x-a": "code", "x-c": "env" })
  })

  test("false turns a signal off, true leaves it on", () => {
    const { config } = resolveConfig(
      { traces: false, logs: true },
      { OTEL_LOGS_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" },
    )
    expect([config.traces.exporter, config.logs.exporter, config.metrics.exporter]).toEqual([
      "none",
      "otlp",
      "none",
    ])
  })

  test("delivery: false is http/json, and says so when another protocol was asked for", () => {
    expect(resolveConfig({ delivery: false }, {}).config.traces.protocol).toBe("http/json")
    const { config, warnings } = resolveConfig({ delivery: false }, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })
    expect(config.traces.protocol).toBe("http/json")
    expect(warnings).toEqual([
      "protocol grpc (OTEL_EXPORTER_OTLP_PROTOCOL) is ignored: with delivery: false OTLP is http/json",
    ])
  })

  test.each<[string, Options]>([
    ["delivery: false", { delivery: false }],
    ["grpc", { protocol: "grpc" }],
  ])("%s takes no zstd, and says so", (why, given) => {
    const { config, warnings } = resolveConfig(given, { OTEL_EXPORTER_OTLP_COMPRESSION: "zstd" })
    expect(config.traces.compression).toBe("gzip")
    expect(warnings).toEqual([
      `compression zstd (OTEL_EXPORTER_OTLP_COMPRESSION) is ignored: ${why} takes gzip or none`,
    ])
  })

  test.skipIf("zstdCompress" in zlib)("a Node without zstd sends gzip, and says so once", () => {
    const { config, warnings } = resolveConfig({}, { CLICKSTACK_COMPRESSION: "zstd" })
    expect(signals.map((signal) => config[signal].compression)).toEqual(["gzip", "gzip", "gzip"])
    expect(warnings).toEqual([
      `compression zstd (CLICKSTACK_COMPRESSION) is ignored: Node ${process.versions.node} has no zstd, gzip is used; set gzip, or run Node 22.15, 23.8 or later`,
    ])
  })

  const clickhouse = "http://localhost:8123"
  test.each<[string, Options, NodeJS.ProcessEnv, unknown]>([
    ["OTLP by default", {}, {}, ["otlp"]],
    ["ClickHouse by its URL", {}, { CLICKSTACK_CLICKHOUSE_URL: clickhouse }, ["clickhouse"]],
    [
      "ClickHouse over an OTEL endpoint",
      {},
      { CLICKSTACK_CLICKHOUSE_URL: clickhouse, OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:1" },
      ["clickhouse"],
    ],
    [
      "both when equally asked for",
      {},
      { CLICKSTACK_CLICKHOUSE_URL: clickhouse, CLICKSTACK_ENDPOINT: "http://c:1" },
      ["otlp", "clickhouse"],
    ],
    [
      "an endpoint in code over the variable",
      { endpoint: "http://c:1" },
      { CLICKSTACK_CLICKHOUSE_URL: clickhouse },
      ["otlp"],
    ],
    [
      "a destination in code over all",
      { destination: ["otlp", { spans: exporter }] },
      { CLICKSTACK_CLICKHOUSE_URL: clickhouse },
      ["otlp", { spans: exporter }],
    ],
    [
      "a signal's own",
      { destination: "otlp", traces: { destination: { spans: exporter } } },
      {},
      [{ spans: exporter }],
    ],
  ])("%s", (_, given, env, expected) => {
    expect(resolveConfig(given, env).config.traces.destination).toEqual(expected)
  })

  test("redact alone is a switch or a function", () => {
    const decide = () => undefined
    expect(resolveConfig({ redact: false }, {}).config.redact.enabled).toBe(false)
    expect(resolveConfig({ redact: decide }, {}).config.redact).toMatchObject({ enabled: true, decide })
    expect(() => resolveConfig({ redact: "no" } as never, {})).toThrow(
      'option "redact" must be an object of options, a function, or false',
    )
  })

  test.each<[string, Options, NodeJS.ProcessEnv, Partial<Config["capture"]>]>([
    ["nothing by default", {}, {}, { requestHeaders: [], responseHeaders: [], bodies: "none" }],
    [
      "all headers and bodies",
      {},
      { HDX_NODE_ADVANCED_NETWORK_CAPTURE: "1" },
      { requestHeaders: "all", responseHeaders: "all", bodies: "both" },
    ],
    [
      "but for what is said in particular",
      { capture: { network: true, requestHeaders: ["X-One"] } },
      { CLICKSTACK_CAPTURE_BODIES: "none" },
      { requestHeaders: ["x-one"], responseHeaders: "all", bodies: "none" },
    ],
  ])("network capture: %s", (_, given, env, expected) => {
    expect(resolveConfig(given, env).config.capture).toMatchObject(expected)
  })

  test("a sampler object is taken as it is", () => {
    expect(resolveConfig({ sampler: sampler as never }, {}).config.sampling.sampler).toBe(sampler)
  })

  test("an unknown CLICKSTACK variable that is like a known one is told", () => {
    expect(resolveConfig({}, { CLICKSTACK_ENDPONT: "x", CLICKSTACK_SOMETHING_ELSE: "y" }).warnings).toEqual([
      "CLICKSTACK_ENDPONT is not known; did you mean CLICKSTACK_ENDPOINT?",
    ])
  })

  test("a pod's variables count inside Kubernetes alone", () => {
    const env = { POD_NAME: "web-1", K8S_NODE_NAME: "n" }
    expect(resolveConfig({}, env).config.kubernetes).toBeUndefined()
    expect(resolveConfig({}, { ...env, KUBERNETES_SERVICE_HOST: "10.0.0.1" }).config.kubernetes).toEqual({
      "k8s.pod.name": "web-1",
      "k8s.node.name": "n",
    })
  })

  test("the configuration is frozen", () => {
    const { config } = resolveConfig({}, {})
    expect([config, config.traces, config.limits, config.traces.headers].every(Object.isFrozen)).toBe(true)
  })
})

test("without HOME the state directory is where the system says that the user's home is", () => {
  const { HOME: home, XDG_STATE_HOME: state } = process.env
  try {
    delete process.env["HOME"]
    delete process.env["XDG_STATE_HOME"]
    const found = stateDirectory()
    expect(found?.startsWith(userInfo().homedir)).toBe(true)
    expect(stateDirectory({}, () => undefined)).toBeUndefined()
  } finally {
    if (home !== undefined) process.env["HOME"] = home
    if (state !== undefined) process.env["XDG_STATE_HOME"] = state
  }
})

test.each([
  [" localhost:8123 ", "http://localhost:8123"],
  ["HTTPS:db.example:8443", "HTTPS:db.example:8443"],
])("a ClickHouse may be named without a scheme, and one that has it keeps it: %j", (given, taken) => {
  const { config, warnings } = resolveConfig({}, { CLICKSTACK_CLICKHOUSE_URL: given })
  expect([config.clickhouseUrl, warnings]).toEqual([taken, []])
})
