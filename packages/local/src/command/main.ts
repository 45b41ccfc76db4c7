#!/usr/bin/env node
// The `clickstack` command: finds the subcommand, runs it, and turns an error into one line and an exit code.
import { readFileSync } from "node:fs"
import { doctor, doctorEnvironment, doctorOptions } from "./doctor.ts"
import { type Arguments, type Option, describeOptions, readArguments } from "./arguments.ts"
import { serve, serveEnvironment, serveOptions } from "./serve.ts"
import { spanlog, spanlogEnvironment, spanlogOptions } from "./spanlog.ts"
import { sql, sqlEnvironment, sqlOptions } from "./sql.ts"
import { tail, tailOptions } from "./tail.ts"
import { type Terminal, processTerminal } from "./terminal.ts"
import { trace, traceOptions, traces, tracesOptions } from "./traces.ts"

interface Command {
  readonly help: string
  /** The names of its positional arguments. */
  readonly positional: readonly string[]
  readonly options: readonly Option[]
  readonly more?: string
  /** How a word would have to be given that stands where this takes none. */
  readonly meant?: (extra: string) => string | undefined
  /** `stopped` resolves at the first Ctrl-C or SIGTERM. Resolves to an exit code other than 0, if there is one. */
  readonly run: (args: Arguments, terminal: Terminal, stopped: Promise<unknown>) => Promise<number | void>
}

const commands: Readonly<Record<string, Command>> = {
  local: {
    help: "receive OTLP and store it here (also without a command)",
    positional: [],
    options: serveOptions,
    more: serveEnvironment,
    meant: (extra) =>
      Object.hasOwn(commands, extra)
        ? `clickstack ${extra}, with the command first`
        : `${isUrl(extra) ? "--forward" : "--dir"} ${JSON.stringify(extra)}`,
    run: serve,
  },
  tail: {
    help: "follow logs and spans as they are stored",
    positional: [],
    options: tailOptions,
    meant: (extra) =>
      `${isUrl(extra) ? "--url" : isTraceId(extra) ? "--trace" : "--service"} ${JSON.stringify(extra)}`,
    run: tail,
  },
  traces: {
    help: "list traces, newest first",
    positional: [],
    options: tracesOptions,
    meant: (extra) =>
      isTraceId(extra)
        ? `clickstack trace ${extra}`
        : `${isUrl(extra) ? "--url" : "--service"} ${JSON.stringify(extra)}`,
    run: traces,
  },
  trace: { help: "show one trace as a waterfall", positional: ["ID"], options: traceOptions, run: trace },
  sql: {
    help: "ask ClickHouse: a prompt, or -q SQL",
    positional: [],
    options: sqlOptions,
    more: sqlEnvironment,
    meant: (extra) => (isUrl(extra) ? `--clickhouse ${extra}` : `-q ${JSON.stringify(extra)}`),
    run: sql,
  },
  spanlog: {
    help: "bring ClickHouse's own spans into the traces of the apps that asked",
    positional: [],
    options: spanlogOptions,
    more: spanlogEnvironment,
    meant: (extra) => (isUrl(extra) ? `--clickhouse ${extra}` : undefined),
    run: spanlog,
  },
  doctor: {
    help: "check the way from the app to the tables, step by step",
    positional: [],
    options: doctorOptions,
    more: doctorEnvironment,
    meant: (extra) =>
      isUrl(extra) ? `--endpoint ${extra}, or --clickhouse ${extra}` : `--app ${JSON.stringify(extra)}`,
    run: doctor,
  },
}

const isUrl = (text: string): boolean => /^https?:|:\d+\/?$/i.test(text)

const isTraceId = (text: string): boolean => /^[0-9a-f]{32}$/i.test(text)

async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first = "local"] = argv
  if (first === "--version" || first === "-v") {
    terminal.out(version())
    return 0
  }
  if (["--help", "-h", "help"].includes(first)) {
    const about = argv[1] ?? ""
    const known = Object.hasOwn(commands, about) ? commands[about] : undefined
    terminal.out(known === undefined ? help() : commandHelp(about, known))
    return 0
  }
  const name = first.startsWith("-") ? "local" : first
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    terminal.error(
      `clickstack: there is no command ${JSON.stringify(name)}; there are ${Object.keys(commands).join(", ")}; see clickstack --help\n`,
    )
    return 2
  }
  const rest = first === name ? argv.slice(1) : argv
  if (rest.some((arg) => arg === "--help" || arg === "-h")) {
    terminal.out(commandHelp(name, command))
    return 0
  }
  const args = readArguments(
    rest.map((arg) => (name === "sql" && arg === "-q" ? "--query" : arg)),
    {
      command: name === "local" ? "clickstack" : `clickstack ${name}`,
      options: command.options,
      positionals: command.positional.length,
      meant: command.meant,
    },
  )
  // By this ClickHouse creates its files; it is this process's own business, as nothing else runs in it.
  process.umask(0o077)
  return (await command.run(args, terminal, stopSignal())) ?? 0
}

/** The first signal asks for an orderly end; the second one ends at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, resolve)
  })
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url)
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { version: string }
  return `clickstack ${manifest.version}, Node.js ${process.version}\n`
}

function help(): string {
  const width = Math.max(
    ...Object.entries(commands).map(([name, { positional }]) => usage(name, positional).length),
  )
  const lines = Object.entries(commands).map(
    ([name, { positional, help: text }]) => `  ${usage(name, positional).padEnd(width)}   ${text}\n`,
  )
  return `ClickStack on this machine\n\n${lines.join("")}\n"clickstack COMMAND --help" says more. Without a command it receives and stores:\n${describeOptions(serveOptions)}`
}

const usage = (name: string, positional: readonly string[]): string =>
  ["clickstack", name, ...positional].join(" ")

function commandHelp(name: string, { positional, help: text, options, more }: Command): string {
  return `${usage(name, positional)}: ${text}\n\n${describeOptions(options)}${more === undefined ? "" : `\n${more}`}`
}

const terminal = processTerminal()
main(process.argv.slice(2), terminal).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    terminal.error(`clickstack: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)
