#!/usr/bin/env node
// The `clickstack` command: finds the subcommand, runs it, and turns an error into one line and an exit code.
import { doctor, doctorEnvironment, doctorOptions } from "./doctor.ts"
import { type Arguments, type Option, describeOptions, readArguments } from "./arguments.ts"
import { serve, serveEnvironment, serveOptions } from "./serve.ts"
import { spanlog, spanlogEnvironment, spanlogOptions } from "./spanlog.ts"
import { sql, sqlOptions } from "./sql.ts"
import { tail, tailOptions } from "./tail.ts"
import { type Terminal, processTerminal } from "./terminal.ts"
import { trace, traceOptions, traces, tracesOptions } from "./traces.ts"

interface Command {
  readonly help: string
  /** The names of its positional arguments. */
  readonly positional: readonly string[]
  readonly options: readonly Option[]
  readonly more?: string
  /** `stopped` resolves at the first Ctrl-C or SIGTERM. Resolves to an exit code other than 0, if there is one. */
  readonly run: (args: Arguments, terminal: Terminal, stopped: Promise<unknown>) => Promise<number | void>
}

const commands: Readonly<Record<string, Command>> = {
  local: {
    help: "receive OTLP and store it here (also without a command)",
    positional: [],
    options: serveOptions,
    more: serveEnvironment,
    run: serve,
  },
  tail: { help: "follow logs and spans as they are stored", positional: [], options: tailOptions, run: tail },
  traces: { help: "list traces, newest first", positional: [], options: tracesOptions, run: traces },
  trace: { help: "show one trace as a waterfall", positional: ["ID"], options: traceOptions, run: trace },
  sql: { help: "ask ClickHouse: a prompt, or -q SQL", positional: [], options: sqlOptions, run: sql },
  spanlog: {
    help: "bring ClickHouse's own spans into the traces of the apps that asked",
    positional: [],
    options: spanlogOptions,
    more: spanlogEnvironment,
    run: spanlog,
  },
  doctor: {
    help: "check the way from the app to the tables, step by step",
    positional: [],
    options: doctorOptions,
    more: doctorEnvironment,
    run: doctor,
  },
}

async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first = "local"] = argv
  if (["--help", "-h", "help"].includes(first)) {
    terminal.out(help())
    return 0
  }
  const name = first.startsWith("-") ? "local" : first
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    terminal.error(
      `clickstack: there is no command ${JSON.stringify(name)}; there are ${Object.keys(commands).join(", ")}\n`,
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
    command.options,
    command.positional.length,
  )
  return (await command.run(args, terminal, stopSignal())) ?? 0
}

/** The first signal asks for an orderly end; the second one ends at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, resolve)
  })
}

function help(): string {
  const width = Math.max(
    ...Object.entries(commands).map(([name, { positional }]) => usage(name, positional).length),
  )
  const lines = Object.entries(commands).map(
    ([name, { positional, help: text }]) => `  ${usage(name, positional).padEnd(width)}   ${text}\n`,
  )
  return `ClickStack on this machine\n\n${lines.join("")}\nclickstack COMMAND --help says more; without a command:\n${describeOptions(serveOptions)}`
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
