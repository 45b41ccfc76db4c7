// Every library that is instrumented, one row each: see row.ts. A row holds names and a function, so that reading this
// table costs a start next to nothing; what the function loads is loaded with the app's library.
import { createRequire, isMainThread } from "../builtins.ts"
// On nearly everywhere, and from the start: a require() would take three times as long.
import { instrumentConsole } from "../logging/console.ts"
import type { InstrumentationContext, InstrumentationName, Row } from "./row.ts"
import type { UpstreamOptions } from "./upstream.ts"

const require = createRequire(import.meta.url)

/** OpenTelemetry's own instrumentation, with the options that keep traces small and free of secrets. */
function upstream(
  name: InstrumentationName,
  exported: string,
  {
    options,
    versions,
    ...row
  }: Omit<Row, "name" | "load"> & {
    options?: Record<string, unknown> | ((context: InstrumentationContext) => Record<string, unknown>)
    versions?: UpstreamOptions["versions"]
  },
): Row {
  const load: Row["load"] = (context) => {
    const { loadUpstream } = require("./upstream.js") as typeof import("./upstream.ts")
    const { fixes } = require("./upstream-fixes.js") as typeof import("./upstream-fixes.ts")
    return loadUpstream(`@opentelemetry/instrumentation-${row.otel ?? name}`, exported, {
      options: typeof options === "function" ? options(context) : (options ?? {}),
      versions: versions ?? {},
      ...(fixes[name] && { beforeEnable: fixes[name] }),
    })
  }
  return { name, load, ...row }
}

/**
 * Metrics that are there from the start of a process, for the main thread alone: those of workers would be told under the
 * same names, of the same process.
 */
function metricsOfProcess(load: () => () => void): Row["load"] {
  return ({ config }) => {
    const isOn = config.metrics.exporter !== "none" && isMainThread()
    return { patches: isOn ? [{ module: "start", patch: load() }] : [] }
  }
}

// Our own, where there is none of OpenTelemetry's or it costs too much.
const own = {
  express: (): typeof import("./own/express.ts") => require("./own/express.js"),
  fastify: (): typeof import("./own/fastify.ts") => require("./own/fastify.js"),
  hapi: (): typeof import("./own/hapi.ts") => require("./own/hapi.js"),
  hono: (): typeof import("./own/hono.ts") => require("./own/hono.js"),
  http: (): typeof import("./own/http-later.ts") => require("./own/http-later.js"),
  http2: (): typeof import("./own/http2.ts") => require("./own/http2.js"),
  koa: (): typeof import("./own/koa.ts") => require("./own/koa.js"),
  prisma: (): typeof import("./own/prisma.ts") => require("./own/prisma.js"),
}

const redisOptions = () => {
  const { redisStatement } = require("./redis-statement.js") as typeof import("./redis-statement.ts")
  return { dbStatementSerializer: redisStatement }
}

const loggers = {
  bunyan: (): typeof import("../logging/bunyan.ts") => require("../logging/bunyan.js"),
  pino: (): typeof import("../logging/pino.ts") => require("../logging/pino.js"),
  winston: (): typeof import("../logging/winston.ts") => require("../logging/winston.js"),
}

const aws = [
  "@aws-sdk/middleware-stack",
  "@smithy/middleware-stack",
  "@smithy/core",
  "@aws-sdk/smithy-client",
  "@smithy/smithy-client",
]
const honoFiles = ["hono/dist/router/smart-router/router.js", "hono/dist/router/pattern-router/router.js"]

export const table: readonly Row[] = [
  {
    name: "http",
    modules: ["node:http", "node:https"],
    load: (context) => own.http().instrumentHttp(context),
  },
  { name: "http2", modules: ["node:http2"], load: (context) => own.http2().instrumentHttp2(context) },
  // Node's own fetch is a copy of undici that nothing loads by name: its first request is the sign.
  {
    name: "undici",
    modules: ["channel:undici:request:create"],
    load: (context) => (require("./fetch.js") as typeof import("./fetch.ts")).loadFetch(context),
  },
  upstream("grpc", "GrpcInstrumentation", { modules: ["@grpc/grpc-js"] }),
  { name: "express", modules: ["express", "router"], load: () => own.express().instrumentExpress() },
  {
    name: "fastify",
    modules: ["channel:fastify.initialization"],
    load: () => own.fastify().instrumentFastify(),
  },
  { name: "koa", modules: ["koa"], load: () => own.koa().instrumentKoa() },
  { name: "hapi", modules: ["@hapi/hapi"], load: () => own.hapi().instrumentHapi() },
  { name: "hono", modules: ["hono"], esm: honoFiles, load: () => own.hono().instrumentHono() },
  upstream("nestjs", "NestInstrumentation", {
    modules: ["@nestjs/core"],
    esm: ["@nestjs/core/router/router-execution-context.js"],
    otel: "nestjs-core",
    // Since 12 an ES module of the same classes.
    versions: { "@nestjs/core": [">=4.0.0 <13"] },
  }),
  upstream("graphql", "GraphQLInstrumentation", {
    modules: ["graphql"],
    options: { ignoreTrivialResolveSpans: true, mergeItems: true },
  }),
  upstream("pg", "PgInstrumentation", { modules: ["pg", "pg-pool"], options: { ignoreConnectSpans: true } }),
  { name: "prisma", modules: ["@prisma/client"], load: () => own.prisma().instrumentPrisma() },
  upstream("mysql2", "MySQL2Instrumentation", {
    modules: ["mysql2"],
    // Otherwise it writes the parameters into the text.
    options: { maskStatement: true, maskStatementHook: (sql: string) => sql },
  }),
  upstream("mongodb", "MongoDBInstrumentation", { modules: ["mongodb"] }),
  upstream("mongoose", "MongooseInstrumentation", { modules: ["mongoose"] }),
  upstream("redis", "RedisInstrumentation", {
    modules: ["redis", "@redis/client", "@node-redis/client"],
    options: redisOptions,
  }),
  upstream("ioredis", "IORedisInstrumentation", { modules: ["ioredis"], options: redisOptions }),
  upstream("memcached", "MemcachedInstrumentation", { modules: ["memcached"] }),
  upstream("knex", "KnexInstrumentation", { modules: ["knex"] }),
  upstream("tedious", "TediousInstrumentation", { modules: ["tedious"] }),
  upstream("cassandra", "CassandraDriverInstrumentation", {
    modules: ["cassandra-driver"],
    otel: "cassandra-driver",
  }),
  {
    name: "clickhouse",
    modules: ["@clickhouse/client", "@clickhouse/client-web"],
    load: (context) =>
      (
        require("./clickhouse/instrument-clickhouse.js") as typeof import("./clickhouse/instrument-clickhouse.ts")
      ).instrumentClickhouse(context),
  },
  upstream("kafkajs", "KafkaJsInstrumentation", { modules: ["kafkajs"] }),
  upstream("amqplib", "AmqplibInstrumentation", { modules: ["amqplib"] }),
  upstream("aws", "AwsInstrumentation", { modules: aws, otel: "aws-sdk" }),
  upstream("socketio", "SocketIoInstrumentation", { modules: ["socket.io"], otel: "socket.io" }),
  upstream("openai", "OpenAIInstrumentation", {
    modules: ["openai"],
    esm: ["openai/index.mjs"],
    // The methods that are patched are the same in 7.
    versions: { openai: [">=4.19.0 <8"] },
  }),
  {
    name: "runtime",
    modules: ["start"],
    otel: "runtime-node",
    load: metricsOfProcess(
      () => (require("./own/runtime-metrics.js") as typeof import("./own/runtime-metrics.ts")).observeRuntime,
    ),
  },
  {
    name: "host",
    modules: ["start"],
    otel: "host-metrics",
    load: metricsOfProcess(
      () => (require("./own/host-metrics.js") as typeof import("./own/host-metrics.ts")).observeHost,
    ),
  },
  { name: "console", modules: ["init"], load: instrumentConsole },
  {
    name: "pino",
    modules: ["pino", "thread-stream"],
    load: (context) => loggers.pino().instrumentPino(context),
  },
  {
    name: "winston",
    modules: ["winston", "winston-transport"],
    load: (context) => loggers.winston().instrumentWinston(context),
  },
  { name: "bunyan", modules: ["bunyan"], load: (context) => loggers.bunyan().instrumentBunyan(context) },
  upstream("fs", "FsInstrumentation", {
    modules: ["node:fs", "node:fs/promises"],
    off: true,
    options: () => (require("./fs-options.js") as typeof import("./fs-options.ts")).fsOptions(),
  }),
  upstream("dns", "DnsInstrumentation", { modules: ["node:dns", "node:dns/promises"], off: true }),
  upstream("net", "NetInstrumentation", { modules: ["node:net"], off: true }),
]
