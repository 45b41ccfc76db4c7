// `clickstack traces` and `clickstack trace ID`.
import type { Trace } from "../read/trace.ts"
import type { TraceSummary } from "../read/traces.ts"
import type { Arguments, Option } from "./arguments.ts"
import { traceLine } from "./lines.ts"
import { type Source, openSource, sourceOptions } from "./source.ts"
import { type Terminal, createPaint } from "./terminal.ts"
import { waterfall } from "./waterfall.ts"
import { LocalError } from "../local-error.ts"

const json: Option = { name: "json", help: "as JSON" }

export const traceOptions: readonly Option[] = [...sourceOptions, json]

const filters: readonly Option[] = [
  { name: "service", value: "NAME", many: true, help: "with a span of this service" },
  { name: "name", value: "NAME", help: "with a span of this name" },
  { name: "text", value: "TEXT", help: "with a span that has this text in its name, message or attributes" },
  { name: "status", value: "STATUS", help: "with a span of this status: ok, error, unset" },
  { name: "min-ms", value: "MS", help: "with a span that took at least so many milliseconds" },
  { name: "max-ms", value: "MS", help: "with a span that took less than so many" },
  { name: "from", value: "TIME", help: "since then: a time, or 15m, 2h, 7d ago" },
  { name: "to", value: "TIME", help: "until then" },
  { name: "limit", value: "N", help: "at most so many (default 50)" },
]

// What the API calls them, where that differs.
const parameters: Readonly<Record<string, string>> = { "min-ms": "minDurationMs", "max-ms": "maxDurationMs" }

export const tracesOptions: readonly Option[] = [...sourceOptions, ...filters, json]

export async function traces(args: Arguments, terminal: Terminal): Promise<void> {
  await reading(args, terminal, async (source) => {
    const search = new URLSearchParams()
    for (const { name } of filters)
      for (const value of args.texts(name)) search.append(parameters[name] ?? name, value)
    const found = await source.get<{ traces: TraceSummary[] }>("/api/traces", search)
    const paint = createPaint(terminal.colours)
    if (args.flag("json")) terminal.out(found.traces.map((one) => `${JSON.stringify(one)}\n`).join(""))
    else terminal.out(found.traces.map((one) => traceLine(one, paint)).join("") || "no traces\n")
  })
}

export async function trace(args: Arguments, terminal: Terminal): Promise<void> {
  const [id] = args.positional
  if (id === undefined)
    throw new LocalError("BAD_OPTION", "name a trace by its id; clickstack traces lists them")
  await reading(args, terminal, async (source) => {
    const found = await source.get<Trace>(`/api/traces/${encodeURIComponent(id)}`, new URLSearchParams())
    terminal.out(
      args.flag("json")
        ? `${JSON.stringify(found)}\n`
        : waterfall(found, terminal.columns, createPaint(terminal.colours)),
    )
  })
}

async function reading(
  args: Arguments,
  terminal: Terminal,
  read: (source: Source) => Promise<void>,
): Promise<void> {
  const source = await openSource(args, terminal)
  try {
    await read(source)
  } finally {
    await source.close()
  }
}
