// Libraries that the app loaded before init(): instrumentation comes too late for them.
import { createRequire } from "./builtins.ts"

/** Those that people trace; built-in modules are not told apart from ones that Node itself loaded. */
const libraries = new Set([
  "@aws-sdk/client-s3",
  "@clickhouse/client",
  "@grpc/grpc-js",
  "@hapi/hapi",
  "@nestjs/core",
  "@prisma/client",
  "amqplib",
  "bunyan",
  "cassandra-driver",
  "express",
  "fastify",
  "graphql",
  "ioredis",
  "kafkajs",
  "knex",
  "koa",
  "memcached",
  "mongodb",
  "mongoose",
  "mysql2",
  "next",
  "openai",
  "pg",
  "pino",
  "redis",
  "socket.io",
  "tedious",
  "undici",
  "winston",
])

/** By the files in require's cache, where CommonJS packages are also when they were imported. */
export function loadedTooEarly(
  files: Iterable<string> = Object.keys(createRequire(import.meta.url).cache),
): string[] {
  const found = new Set<string>()
  for (const file of files) {
    const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]?.replace("\\", "/")
    if (name !== undefined && libraries.has(name)) found.add(name)
  }
  return [...found].toSorted()
}
