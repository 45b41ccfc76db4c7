// `clickstack sql`: for the person at the keyboard. Beside a running ClickStack it asks that one, through its socket;
// else it opens the data itself.
import { resolve } from "node:path"
import { findHolder } from "../data-directory.ts"
import { type Format, formatRows, formats } from "../format-rows.ts"
import { LocalError } from "../local-error.ts"
import { openStored } from "../open-stored.ts"
import { runSql } from "../run-sql.ts"
import { askSocket } from "../sql-socket.ts"
import { type Arguments, type Option, badArgument } from "./arguments.ts"
import { promptForSql } from "./sql-prompt.ts"
import type { Terminal } from "./terminal.ts"

export const sqlOptions: readonly Option[] = [
  { name: "dir", value: "PATH", help: "whose data (default .clickstack)" },
  { name: "query", value: "SQL", help: "run this and end; also -q" },
  { name: "format", value: "FORMAT", help: `one of ${formats.join(", ")} (default table)` },
]

interface Session {
  run(sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export async function sql(args: Arguments, terminal: Terminal, stopped: Promise<unknown>): Promise<number> {
  const format = formatOf(args.text("format"))
  const query = args.text("query")
  if (query?.trim() === "") throw badArgument("-q needs a statement", "clickstack sql")
  const session = await openSession(resolve(args.text("dir") ?? ".clickstack"))
  try {
    if (query !== undefined) {
      terminal.out(formatRows(await session.run(query), format))
      return 0
    }
    const { stdin, stdout } = process
    const isGood = await promptForSql({
      input: stdin,
      output: stdin.isTTY ? stdout : undefined,
      stopped,
      async run(statement) {
        try {
          terminal.out(formatRows(await session.run(statement), format))
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

async function openSession(dir: string): Promise<Session> {
  const holder = await findHolder(dir)
  if (holder !== undefined)
    return { run: (text) => askSocket(holder.socket, { sql: text }), close: async () => {} }
  const stored = await openStored(dir)
  return { run: (text) => runSql(stored.ingest, text, {}), close: stored.close }
}

function formatOf(text = "table"): Format {
  const format = formats.find((one) => one === text)
  if (format !== undefined) return format
  throw new LocalError(
    "BAD_OPTION",
    `--format must be one of ${formats.join(", ")}, not ${JSON.stringify(text)}`,
  )
}
