// `clickstack sql`: for the person at the keyboard. Beside a running ClickStack it asks that one, through its socket;
// else it opens the data itself.
import { resolve } from "node:path"
import { createInterface } from "node:readline"
import { findHolder } from "../data-directory.ts"
import { type Format, formatRows, formats } from "../format-rows.ts"
import { LocalError } from "../local-error.ts"
import { openStored } from "../open-stored.ts"
import { runSql } from "../run-sql.ts"
import { askSocket } from "../sql-socket.ts"
import type { Arguments, Option } from "./arguments.ts"
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
  const session = await openSession(resolve(args.text("dir") ?? ".clickstack"))
  try {
    if (query !== undefined) {
      terminal.out(formatRows(await session.run(query), format))
      return 0
    }
    return await prompt(session, format, terminal, stopped)
  } finally {
    await session.close()
  }
}

async function openSession(dir: string): Promise<Session> {
  const holder = await findHolder(dir)
  if (holder !== undefined)
    return { run: (text) => askSocket(holder.socket, { sql: text }), close: async () => {} }
  process.umask(0o077)
  const stored = await openStored(dir)
  return { run: (text) => runSql(stored.ingest, text, {}), close: stored.close }
}

/** Statements end with a semicolon, at the end of a line. */
async function prompt(
  session: Session,
  format: Format,
  terminal: Terminal,
  stopped: Promise<unknown>,
): Promise<number> {
  const interactive = process.stdin.isTTY
  const input = createInterface({ input: process.stdin, ...(interactive ? { output: process.stdout } : {}) })
  input.on("SIGINT", () => input.close())
  void stopped.then(() => input.close())
  if (interactive)
    terminal.out("SQL over what is stored; a statement ends with a semicolon, Ctrl-D ends this\n")
  const ask = (text: string) => {
    if (!interactive) return
    input.setPrompt(text)
    input.prompt()
  }
  let statement = ""
  let failed = false
  const runOne = async () => {
    const text = statement
    statement = ""
    if (text.replace(/[\s;]+/g, "") === "") return
    try {
      terminal.out(formatRows(await session.run(text), format))
    } catch (error) {
      failed = true
      terminal.error(`clickstack: ${(error as Error).message}\n`)
    }
  }
  ask("clickstack> ")
  for await (const line of input) {
    statement += `${line}\n`
    if (/;\s*$/.test(line)) await runOne()
    ask(statement.trim() === "" ? "clickstack> " : "       ...> ")
  }
  await runOne()
  return failed && !interactive ? 1 : 0
}

function formatOf(text = "table"): Format {
  const format = formats.find((one) => one === text)
  if (format !== undefined) return format
  throw new LocalError(
    "BAD_OPTION",
    `--format must be one of ${formats.join(", ")}, not ${JSON.stringify(text)}`,
  )
}
