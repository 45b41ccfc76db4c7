// The command's options: one table that parses them, prints the help, and names what is wrong.
import { parseArgs } from "node:util"
import { LocalError } from "../local-error.ts"

export interface Option {
  readonly name: string
  /** What its value is called in the help; without one it is a switch. */
  readonly value?: string
  readonly many?: boolean
  readonly help: string
}

export interface Arguments {
  readonly positional: readonly string[]
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  flag(name: string): boolean
  /** A port; undefined when it was not given. */
  port(name: string): number | undefined
}

/** What a command takes, and what somebody may have meant by a word that it does not take. */
export interface Taken {
  /** As it is called, such as `clickstack tail`. */
  readonly command: string
  readonly options: readonly Option[]
  readonly positionals: number
  readonly meant?: ((extra: string) => string | undefined) | undefined
}

export function readArguments(args: readonly string[], taken: Taken): Arguments {
  const bad = (message: string) => badArgument(message, taken.command)
  const parsed = parse(args, taken)
  // As it is shown: an address may hold a password, up to its last @.
  const extra = parsed.positionals[taken.positionals]?.replace(/^(https?:\/\/).*@/is, "$1***@")
  if (extra !== undefined) {
    const meant = taken.meant?.(extra)
    throw bad(`unexpected ${JSON.stringify(extra)}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`)
  }
  const texts = (name: string) => [parsed.values[name] ?? []].flat().map(String)
  return {
    positional: parsed.positionals,
    text: (name) => texts(name)[0],
    texts,
    flag: (name) => parsed.values[name] === true,
    port(name) {
      const text = texts(name)[0]
      if (text === undefined) return undefined
      if (/^\d{1,5}$/.test(text)) return Number(text)
      throw bad(`--${name} must be a port, not ${JSON.stringify(text)}`)
    },
  }
}

function parse(args: readonly string[], { command, options }: Taken) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        options.map(({ name, value, many = false }) => [
          name,
          { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: many },
        ]),
      ),
    })
  } catch (error) {
    throw badArgument(describe(error as NodeJS.ErrnoException, options), command)
  }
}

/** Node.js's own texts are longer than a line. */
function describe({ code, message }: NodeJS.ErrnoException, options: readonly Option[]): string {
  const [, flag = "", name = ""] = /'(--?([^\s'=]+))/.exec(message) ?? []
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION")
    return `unknown option ${flag}; there are ${options.map((option) => `--${option.name}`).join(", ")}`
  const value = options.find((option) => option.name === name)?.value
  return value === undefined ? `${flag} takes no value` : `${flag} needs a value, as in --${name}=${value}`
}

/** One line that also says where to read on. */
export const badArgument = (message: string, command: string): LocalError =>
  new LocalError("BAD_OPTION", `${message}; see ${command} --help`)

/** The options as lines of a help text. */
export function describeOptions(options: readonly Option[]): string {
  const left = options.map(({ name, value }) => `  --${name}${value === undefined ? "" : ` ${value}`}`)
  const width = Math.max(...left.map(({ length }) => length))
  return options.map(({ help }, index) => `${left[index]?.padEnd(width)}   ${help}\n`).join("")
}

const units: Record<string, number> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** `5GB` or `500MB` in bytes. */
export function bytesOf(text: string, name: string): number {
  // Not without a unit: whoever means 5 GB by 5 would lose what is stored.
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*([KMGT]B)$/i.exec(text) ?? []
  if (count !== undefined) return Math.round(Number(count) * (units[unit.toUpperCase()] ?? 1))
  throw badArgument(
    `--${name} must be a size such as 500MB or 5GB, not ${JSON.stringify(text)}`,
    "clickstack",
  )
}
