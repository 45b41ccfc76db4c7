// A line of the console as a log record: the text as Node formats it, without colours; plain objects and the first error
// among the arguments as attributes.
import type { Context } from "@opentelemetry/api"
import { isError } from "../exceptions/read-thrown.ts"
import type { ConsoleMethod } from "./console.ts"
import { lineEmitter } from "./emit-line.ts"
import { isPlainObject, Line, mostBytes, plainText } from "./line.ts"
import { severities } from "./severity.ts"

const { format, inspect, types } = process.getBuiltinModule("node:util")

const levels = {
  debug: "debug",
  dir: "info",
  error: "error",
  info: "info",
  log: "info",
  warn: "warn",
} as const satisfies Record<ConsoleMethod, keyof typeof severities>

const emit = lineEmitter("console")

export function recordConsoleLine(
  name: ConsoleMethod,
  args: readonly unknown[],
  time: number,
  context: Context | undefined,
): void {
  const level = name === "error" && isTrace(args) ? "trace" : levels[name]
  const line = new Line({ runsGetters: false })
  for (const argument of name === "dir" ? args.slice(0, 1) : args) {
    // As Node prints them, without running anything of the app's.
    if (typeof argument !== "object" || argument === null || types.isProxy(argument)) continue
    if (isError(argument)) line.addError(argument)
    else if (isPlainObject(argument)) line.addFields(argument)
  }
  emit(severities[level], level, textOf(name, args), line.attributes, time, context)
}

function textOf(name: ConsoleMethod, args: readonly unknown[]): string {
  const [first, options] = args
  if (name === "dir") {
    const given = typeof options === "object" ? options : undefined
    return inspect(first, { customInspect: false, ...given, colors: false })
  }
  return plainText(args.length === 1 && typeof first === "string" ? first : format(...args.map(bounded)))
}

/** Of a text or an error of megabytes its beginning: Node has formatted the whole of it, which takes a second, already. */
function bounded(argument: unknown): unknown {
  const text: unknown = types.isNativeError(argument) ? argument.stack : argument
  return typeof text === "string" && text.length > mostBytes ? text.slice(0, mostBytes + 1) : argument
}

/** console.trace() gives a stack that begins like this to console.error(), and nothing else. */
function isTrace(args: readonly unknown[]): boolean {
  const [first] = args
  return args.length === 1 && typeof first === "string" && /^Trace(?::|\n)[^]*\n {4}at /.test(first)
}
