// The table of INSTRUMENTATION.md: which libraries are traced, in the versions that are installed here, by what, and
// against what the tests of this directory run them.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Too large for the workspace, like Next.js: see installed-app.ts. */
export const prisma = {
  "@opentelemetry/api": "1.10.0",
  "@prisma/adapter-pg": "7.10.1",
  "@prisma/client": "7.10.0",
  "@prisma/instrumentation": "7.10.1",
  prisma: "7.10.1",
}

export const next = {
  "@next/swc-linux-x64-gnu": "16.4.6",
  next: "16.4.6",
  react: "19.3.1",
  "react-dom": "19.3.1",
}

interface Library {
  /** As people install it, or call it. */
  readonly name: string
  /** The app in fixtures/. */
  readonly app: string
  /** The switch in packages/node/src/instrumentation/table.ts. */
  readonly row: string
  /** OpenTelemetry's package; without one it is our own code. */
  readonly upstream?: string
  /** Left out: the one that is installed here. */
  readonly version?: string
  /** Left out: both sides of a real connection are in the app. */
  readonly against?: string
  /** What of the workspace tells the version, where it is not the library of that name; none for Node's own modules. */
  readonly packages?: readonly string[]
}

const socket = "up to the socket, where a small server of ours answers"

const libraries: readonly Library[] = [
  { name: "http, https", app: "http", row: "http", packages: [] },
  { name: "fetch", app: "fetch", row: "undici", upstream: "undici", packages: [] },
  { name: "undici", app: "undici", row: "undici", upstream: "undici" },
  { name: "http2", app: "http2", row: "http2", packages: [] },
  { name: "@grpc/grpc-js", app: "grpc", row: "grpc", upstream: "grpc" },
  { name: "express", app: "express", row: "express" },
  { name: "fastify", app: "fastify", row: "fastify" },
  { name: "koa", app: "koa", row: "koa" },
  { name: "@hapi/hapi", app: "hapi", row: "hapi" },
  { name: "hono", app: "hono", row: "hono" },
  { name: "@nestjs/core", app: "nest", row: "nestjs", upstream: "nestjs-core" },
  {
    name: "next",
    app: "next",
    row: "http",
    version: next.next,
    upstream: "next",
  },
  { name: "graphql", app: "graphql", row: "graphql", upstream: "graphql" },
  { name: "socket.io", app: "socket.io", row: "socketio", upstream: "socket.io" },
  { name: "pg", app: "pg", row: "pg", upstream: "pg", against: "PostgreSQL" },
  { name: "knex", app: "knex", row: "knex", upstream: "knex", against: "PostgreSQL, through pg" },
  {
    name: "@prisma/client",
    app: "prisma/prisma",
    row: "prisma",
    version: prisma["@prisma/client"],
    upstream: "prisma",
    against: "PostgreSQL, through pg",
  },
  { name: "mysql2", app: "mysql2", row: "mysql2", upstream: "mysql2", against: "MariaDB" },
  { name: "tedious", app: "tedious", row: "tedious", upstream: "tedious", against: socket },
  { name: "redis", app: "redis", row: "redis", upstream: "redis", against: "Redis" },
  { name: "ioredis", app: "ioredis", row: "ioredis", upstream: "ioredis", against: "Redis" },
  { name: "memcached", app: "memcached", row: "memcached", upstream: "memcached", against: "memcached" },
  { name: "mongodb", app: "mongodb", row: "mongodb", upstream: "mongodb", against: socket },
  { name: "mongoose", app: "mongoose", row: "mongoose", upstream: "mongoose", against: socket },
  {
    name: "cassandra-driver",
    app: "cassandra-driver",
    row: "cassandra",
    upstream: "cassandra-driver",
    against: "up to the socket, where nobody listens",
  },
  { name: "amqplib", app: "amqplib", row: "amqplib", upstream: "amqplib", against: "RabbitMQ" },
  { name: "kafkajs", app: "kafkajs", row: "kafkajs", upstream: "kafkajs", against: socket },
  { name: "@aws-sdk/client-sqs", app: "aws-sdk", row: "aws", upstream: "aws-sdk", against: socket },
  { name: "openai", app: "openai", row: "openai", upstream: "openai", against: socket },
  { name: "runtime metrics", app: "metrics", row: "runtime", packages: [] },
  { name: "host metrics", app: "metrics", row: "host", packages: [] },
]

export const apps: readonly string[] = [...new Set(libraries.map(({ app }) => app))]
export const rows: readonly string[] = [...new Set(libraries.map(({ row }) => row))]

export function libraryTable(): string {
  const cells = [
    ["library", "versions tested", "switch", "instrumentation", "the other side"],
    ...libraries.map(({ name, row, upstream, version, against = "in the same app", packages = [name] }) => [
      packages.length === 0 ? name : `\`${name}\``,
      version ?? (packages.length === 0 ? "Node's own" : packages.flatMap(versionsOf).join(", ")),
      `\`${row}\``,
      instrumentation(upstream),
      against,
    ]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const lines = cells.map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`)
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`)
  return lines.join("\n")
}

function instrumentation(upstream: string | undefined): string {
  if (upstream === undefined) return "our own"
  if (upstream === "next") return "its own"
  if (upstream === "prisma")
    return `\`@prisma/instrumentation\` ${prisma["@prisma/instrumentation"]}, the app's`
  return upstreamVersion(`@opentelemetry/instrumentation-${upstream}`)
}

function versionsOf(name: string): string[] {
  return [`previous/node_modules/${name}`, `node_modules/${name}`].flatMap((path) => versionIn(path) ?? [])
}

const upstreamVersion = (name: string) =>
  `\`${name}\` ${versionIn(`../../packages/node/node_modules/${name}`) ?? "?"}`

function versionIn(path: string): string | undefined {
  try {
    const file = fileURLToPath(new URL(`${path}/package.json`, import.meta.url))
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version
  } catch {
    return undefined
  }
}
