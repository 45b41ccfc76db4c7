// `clickstack sql`: for the person at the keyboard. Beside a running ClickStack it asks that one, through its socket,
// whatever that one stores into; a server that is named it asks itself; else it opens the data.
import { resolve } from "node:path"
import { findHolder } from "../data-directory.ts"
import { type Format, formatRows, formats } from "../format-rows.ts"
import { LocalError } from "../local-error.ts"
import { openServer } from "../open-server.ts"
import { type Stored, openStored } from "../open-stored.ts"
import { runSql } from "../run-sql.ts"
import { askSocket } from "../sql-socket.ts"
import { type Arguments, type Option, badArgument } from "./arguments.ts"
import { clickhouseAccess, sayHowToAccess } from "./clickhouse-access.ts"
import { promptForSql } from "./sql-prompt.ts"
import type { Terminal } from "./terminal.ts"

export const sqlOptions: readonly Option[] = [
  { name: "dir", value: "PATH", help: "whose data (default .clickstack)" },
  { name: "clickhouse", value: "URL", help: "ask this ClickHouse server, with or without a clickstack" },
  { name: "query", value: "SQL", help: "run this and end; also -q" },
  { name: "format", value: "FORMAT", help: `one of ${formats.join(", ")} (default table)` },
]

export const sqlEnvironment = `Beside a running clickstack it asks where that one stores, also in a server, and by its user and password.
For --clickhouse they come from the environment, where other users cannot read them:
  CLICKSTACK_CLICKHOUSE_USER, CLICKSTACK_CLICKHOUSE_PASSWORD
`

interface Session {
  run(sql: string, signal: AbortSignal): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export async function sql(args: Arguments, terminal: Terminal, stopped: Promise<unknown>): Promise<number> {
  const format = formatOf(args.text("format"))
  const query = args.text("query")
  if (query?.trim() === "") throw badArgument("-q needs a statement", "clickstack sql")
  const session = await openSession(args, terminal)
  const run = async (text: string, signal: AbortSignal) => {
    try {
      return formatRows(await session.run(text, signal), format)
    } catch (cause) {
      if (signal.aborted) throw new LocalError("BAD_REQUEST", "the query was stopped", { cause })
      throw cause
    }
  }
  try {
    if (query !== undefined) {
      const stop = new AbortController()
      void stopped.then(() => stop.abort())
      terminal.out(await run(query, stop.signal))
      return 0
    }
    const { stdin, stdout } = process
    const isGood = await promptForSql({
      input: stdin,
      output: stdin.isTTY ? stdout : undefined,
      stopped,
      async run(statement, signal) {
        try {
          terminal.out(await run(statement, signal))
          return true
        } catch (error) {
          terminal.error(`clickstack: ${(error as Error).message}\n`)
          return false
        }
      },
    })
    return isGood || stdin.isTTY ? 0 : 1
  } finally {
    await session.close()
  }
}

async function openSession(args: Arguments, terminal: Terminal): Promise<Session> {
  const url = args.text("clickhouse")
  if (url !== undefined) return openNamed(url, args, terminal)
  const dir = resolve(args.text("dir") ?? ".clickstack")
  const holder = await findHolder(dir)
  if (holder !== undefined)
    return { run: (text, signal) => askSocket(holder.socket, { sql: text }, signal), close: async () => {} }
  return sessionOf(
    await openStored(dir).catch((error: unknown) => {
      if (error instanceof LocalError && error.code === "NOT_RUNNING")
        error.message += ", or a ClickHouse server (--clickhouse URL)"
      throw error
    }),
  )
}

async function openNamed(url: string, args: Arguments, terminal: Terminal): Promise<Session> {
  if (args.text("dir") !== undefined)
    throw badArgument("--clickhouse asks a server and --dir what is here: give one of them", "clickstack sql")
  if (url.startsWith("chdb:"))
    throw badArgument("--clickhouse is for servers: name a directory with --dir", "clickstack sql")
  const ingest = await openServer(clickhouseAccess(url, terminal)).catch((error: unknown) => {
    throw sayHowToAccess(error)
  })
  return sessionOf({ ingest, close: ingest.close })
}

const sessionOf = ({ ingest, close }: Stored): Session => ({
  run: (text, signal) => runSql(ingest, text, {}, signal),
  close,
})

function formatOf(text = "table"): Format {
  const format = formats.find((one) => one === text)
  if (format !== undefined) return format
  throw new LocalError(
    "BAD_OPTION",
    `--format must be one of ${formats.join(", ")}, not ${JSON.stringify(text)}`,
  )
}
