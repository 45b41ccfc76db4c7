// What the table says of a library, and what its instrumentation gives. One row is one switch; `load()` is called at the
// moment the app first loads one of its modules, and never before, so a row costs nothing to those who do not use it.
// Patches run once for each copy of a module, right after it was evaluated and before the app has its exports.
//
// An instrumentation of our own is a file whose `load` gives patches, and a row in table.ts that requires it:
//
//   { name: "pg", modules: ["pg"], load: (context) => require("./own/pg.js").instrumentPg(context) }
import type { Config } from "../config.ts"
import type { Propagation } from "../context/propagation.ts"
import type { Say } from "../stderr.ts"

export type InstrumentationName =
  | "amqplib"
  | "aws"
  | "bunyan"
  | "cassandra"
  | "clickhouse"
  | "console"
  | "dns"
  | "express"
  | "fastify"
  | "fs"
  | "graphql"
  | "grpc"
  | "hapi"
  | "host"
  | "hono"
  | "http"
  | "http2"
  | "ioredis"
  | "kafkajs"
  | "knex"
  | "koa"
  | "memcached"
  | "mongodb"
  | "mongoose"
  | "mysql2"
  | "nestjs"
  | "net"
  | "openai"
  | "pg"
  | "pino"
  | "prisma"
  | "redis"
  | "runtime"
  | "socketio"
  | "tedious"
  | "undici"
  | "winston"

export interface Row {
  /** The switch: `instrumentation: { [name]: false }`, CLICKSTACK_INSTRUMENTATION_NAME. */
  readonly name: InstrumentationName
  /**
   * What starts it: packages ("pg"), built-ins ("node:http"), a diagnostics channel ("channel:undici:request:create"), or
   * "start": when the SDK warms up, 100 ms after it started; or "init": right away.
   */
  readonly modules: readonly string[]
  /**
   * Files of ES modules that are patched, such as "hono/dist/hono-base.js"; no other ES module is touched. CommonJS
   * needs no naming here, also when it is imported.
   */
  readonly esm?: readonly string[]
  /** Off unless switched on. */
  readonly off?: true
  /** What OTEL_NODE_ENABLED_INSTRUMENTATIONS calls it, when that is another name. */
  readonly otel?: string
  readonly load: (context: InstrumentationContext) => Instrumentation
}

export interface InstrumentationContext {
  readonly config: Config
  readonly say: Say
  /** What comes in and goes out with headers, of the SDK that runs at the time. */
  readonly propagation: () => Propagation
}

export interface Instrumentation {
  readonly patches: readonly Patch[]
  /** Loads what was left for the first use; called when the SDK warms up. */
  readonly warm?: () => void
}

export interface Patch {
  /** A package ("pg": its entry), one of its files ("pg/lib/client.js"), "node:http", "channel:NAME", "start", "init". */
  readonly module: string
  /** Ranges as package.json has them, one of which must hold; not for built-ins and channels. */
  readonly versions?: readonly string[]
  readonly includePrerelease?: boolean
  /**
   * Gets what the module exports and changes it, or returns what takes its place. The namespace of an ES module
   * cannot be changed and nothing can take its place: change what its exports hold, such as a class's prototype. A
   * channel's patch gets the first message. The directory is that of the package's copy.
   */
  readonly patch: (exports: never, version: string | undefined, directory: string | undefined) => unknown
}
