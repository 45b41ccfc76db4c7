// `clickstack` and `clickstack local`: runs until Ctrl-C, and says once a minute what came in.
import { readFileSync } from "node:fs"
import { type LocalOptions, isLoopback } from "../options.ts"
import { type Local, startLocal } from "../start-local.ts"
import { type Arguments, type Option, badArgument, bytesOf } from "./arguments.ts"
import { clickhouseAccess, sayHowToAccess } from "./clickhouse-access.ts"
import { showWarnings } from "./show-warnings.ts"
import { summary, tellEveryMinute } from "./every-minute.ts"
import type { Terminal } from "./terminal.ts"

export const serveOptions: readonly Option[] = [
  {
    name: "dir",
    value: "PATH",
    help: "where the data is kept, and clickstack sql finds this (default .clickstack)",
  },
  { name: "memory", help: "keep the data only while this runs" },
  {
    name: "host",
    value: "ADDRESS",
    help: "listen here (default 127.0.0.1); others than loopback need a token",
  },
  { name: "http-port", value: "PORT", help: "OTLP over HTTP (default 4318; 0: any free one)" },
  { name: "grpc-port", value: "PORT", help: "OTLP over gRPC (default 4317; 0: any free one)" },
  {
    name: "ui-port",
    value: "PORT",
    help: "the viewer and the read-only API (default 4319; 0: any free one)",
  },
  {
    name: "allow-origin",
    value: "ORIGIN",
    many: true,
    help: "let pages of this origin send, such as http://localhost:3000",
  },
  { name: "allow-host", value: "NAME", many: true, help: "a name that this may be called by" },
  { name: "retention", value: "AGE", help: "remove what is older (default 7d; off: never)" },
  { name: "max-size", value: "SIZE", help: "remove the oldest above this (default 5GB; off: no limit)" },
  { name: "tls-cert", value: "FILE", help: "listen with TLS: the certificate, in PEM" },
  { name: "tls-key", value: "FILE", help: "its key, in PEM" },
  { name: "clickhouse", value: "URL", help: "store in this ClickHouse server instead" },
  { name: "forward", value: "URL", help: "store nothing and pass everything on to this OTLP/HTTP endpoint" },
]

export const serveEnvironment = `Secrets come from the environment, where other users cannot read them:
  CLICKSTACK_LOCAL_TOKEN           what senders and readers must show
  CLICKSTACK_FORWARD_KEY           the header authorization of what is passed on
  CLICKSTACK_CLICKHOUSE_USER, CLICKSTACK_CLICKHOUSE_PASSWORD   for --clickhouse
`

function serveConfig(args: Arguments, terminal: Terminal): LocalOptions {
  const { env } = terminal
  const age = args.text("retention")
  const size = args.text("max-size")
  const forward = args.text("forward")
  const clickhouse = args.text("clickhouse")
  const key = env["CLICKSTACK_FORWARD_KEY"]
  return {
    // Beside --clickhouse it has no default of its own.
    dir: args.text("dir") ?? (clickhouse ? ".clickstack" : undefined),
    memory: args.flag("memory"),
    host: args.text("host"),
    httpPort: args.port("http-port"),
    grpcPort: args.port("grpc-port"),
    uiPort: args.port("ui-port"),
    token: env["CLICKSTACK_LOCAL_TOKEN"] || undefined,
    allowedOrigins: args.texts("allow-origin"),
    allowedHosts: args.texts("allow-host"),
    retention: {
      age: age === "off" ? false : age,
      bytes: size === "off" ? false : size === undefined ? undefined : bytesOf(size, "max-size"),
    },
    tls: readTls(args),
    forward: forward && { url: forward, headers: key ? { authorization: key } : {} },
    clickhouse: clickhouse && clickhouseAccess(clickhouse, terminal),
  }
}

function readTls(args: Arguments): LocalOptions["tls"] {
  const read = (name: string) => {
    const path = args.text(name)
    if (path === undefined) return undefined
    try {
      return readFileSync(path, "utf8")
    } catch (error) {
      throw badArgument(`--${name} cannot be read: ${(error as Error).message}`, "clickstack")
    }
  }
  const [cert, key] = [read("tls-cert"), read("tls-key")]
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert, key }
  throw badArgument("--tls-cert and --tls-key go together", "clickstack")
}

// What startLocal calls its options, and what they are here.
const spellings: Readonly<Record<string, string>> = {
  httpPort: "--http-port",
  grpcPort: "--grpc-port",
  uiPort: "--ui-port",
  allowedOrigins: "--allow-origin",
  "retention.age": "--retention",
  "retention.bytes": "--max-size",
}
const spelled = new RegExp(`\\b(?:${Object.keys(spellings).join("|").replaceAll(".", "\\.")})\\b`, "g")

/** Of our packages' errors, in the words of the command. */
function inOptions(error: unknown): unknown {
  if (error instanceof Error)
    error.message = error.message
      .replace(spelled, (name) => spellings[name] ?? name)
      .replace("or false", "or off")
      .replace("a number of hours or a text", "an age")
  return error
}

/** Resolves when it was told to stop and everything is put away. */
export async function serve(args: Arguments, terminal: Terminal, stopped: Promise<unknown>): Promise<void> {
  const warn = showWarnings(terminal)
  const options = serveConfig(args, terminal)
  const local = await startLocal({ ...options, onWarning: warn }).catch((error: unknown) => {
    throw inOptions(sayHowToAccess(error))
  })
  terminal.out(greeting(local, options))
  if (options.host !== undefined && !isLoopback(options.host) && options.tls === undefined)
    warn(
      `nothing that is sent to ${options.host} is encrypted, the token neither: give --tls-cert and --tls-key, unless something in front does it`,
    )

  const stopTelling = tellEveryMinute(local.stats, terminal.out)
  await stopped
  stopTelling()
  terminal.out("storing what is under way ...\n")
  await local.close()
  terminal.out(`stopped; in all: ${summary(local.stats())}\n`)
}

function greeting(local: Local, options: LocalOptions): string {
  const to =
    local.dir !== undefined
      ? `data       ${local.dir}`
      : options.forward
        ? `passed on  to ${typeof options.forward === "string" ? options.forward : options.forward.url}`
        : options.clickhouse
          ? "data       in the ClickHouse server"
          : "data       in memory, until this ends"
  const lines = [
    `OTLP/HTTP  ${local.otlp.http}`,
    ...(local.otlp.grpc === undefined ? [] : [`OTLP/gRPC  ${local.otlp.grpc}`]),
    ...(local.url === undefined ? [] : [`Viewer     ${local.url}`, `API        ${local.url}/api/logs`]),
    to,
    ...(options.token === undefined
      ? []
      : ["token      senders and readers show it in the header authorization"]),
  ]
  return `ClickStack is running; Ctrl-C ends it\n${lines.map((line) => `  ${line}\n`).join("")}`
}
