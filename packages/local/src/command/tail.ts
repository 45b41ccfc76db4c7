// `clickstack tail`: the last logs, and then logs and spans as they are stored.
import { LocalError } from "../local-error.ts"
import type { LiveItem } from "../live.ts"
import type { LogPage } from "../read/logs.ts"
import type { Arguments, Option } from "./arguments.ts"
import { itemLine } from "./lines.ts"
import { findRunning, sourceOptions } from "./source.ts"
import { type Terminal, createPaint } from "./terminal.ts"

export const tailOptions: readonly Option[] = [
  ...sourceOptions,
  { name: "kind", value: "KIND", help: "only this: log or span" },
  { name: "service", value: "NAME", many: true, help: "only of this service" },
  {
    name: "level",
    value: "LEVEL",
    many: true,
    help: "only logs of this level: trace, debug, info, warn, error, fatal",
  },
  { name: "text", value: "TEXT", help: "only with this text in it" },
  { name: "trace", value: "ID", help: "only of this trace" },
  { name: "lines", value: "N", help: "how many of the last logs to begin with (default 10)" },
  { name: "json", help: "one JSON object a line" },
]

export async function tail(args: Arguments, terminal: Terminal, stopped: Promise<unknown>): Promise<number> {
  const source = await findRunning(args, terminal)
  if (source === undefined) {
    throw new LocalError(
      "NOT_RUNNING",
      'nothing is running here that could be followed; start it with "clickstack"',
    )
  }
  const paint = createPaint(terminal.colours)
  const print = (item: LiveItem) =>
    terminal.out(args.flag("json") ? `${JSON.stringify(item)}\n` : itemLine(item, paint))
  const search = new URLSearchParams()
  for (const name of ["service", "level", "text", "trace"])
    for (const value of args.texts(name)) search.append(name, value)

  const stop = new AbortController()
  void stopped.then(() => stop.abort())
  const live = new URLSearchParams(search)
  for (const value of args.texts("kind")) live.append("kind", value)
  try {
    // Followed first, so that nothing falls between the two.
    const stream = await source.stream("/api/live", live, stop.signal)
    const lines = args.text("lines") ?? "10"
    if (args.text("kind") !== "span" && lines !== "0") {
      search.set("limit", lines)
      const { logs } = await source.get<LogPage>("/api/logs", search)
      for (const log of logs.toReversed()) print({ kind: "log", ...log })
    }
    for await (const { event, data } of events(stream)) {
      if (event === "log" || event === "span") print(JSON.parse(data) as LiveItem)
      if (event === "dropped")
        terminal.error(
          `clickstack: ${data} were left out, too many at once; narrow it with --service or --level\n`,
        )
    }
  } catch (error) {
    if (stop.signal.aborted) return 0
    if (error instanceof LocalError) throw error
  }
  terminal.error("clickstack: the ClickStack that was followed has ended\n")
  return 1
}

async function* events(stream: AsyncIterable<string>): AsyncGenerator<{ event: string; data: string }> {
  let text = ""
  for await (const chunk of stream) {
    text += chunk
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = new Map(text.slice(0, end).split("\n").map(field))
      text = text.slice(end + 2)
      yield { event: fields.get("event") ?? "", data: fields.get("data") ?? "" }
    }
  }
}

const field = (line: string): [string, string] => {
  const colon = line.indexOf(": ")
  return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 2)]
}
