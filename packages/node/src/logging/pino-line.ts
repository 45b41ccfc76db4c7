// A line of pino's as a log record: read back from the JSON that pino made.
import type { Context } from "@opentelemetry/api"
import { isError } from "../exceptions/read-thrown.ts"
import { lineEmitter } from "./emit-line.ts"
import { Line } from "./line.ts"
import type { PinoLogger, PinoSymbols } from "./pino.ts"
import { isOfProcess } from "./process-fields.ts"
import { severityOf } from "./severity.ts"
import { activeIds, isIdOf } from "./trace-ids.ts"

const emit = lineEmitter("pino")

const longest = 4 * 1024 * 1024 // which takes about 20 ms to read

export function recordPinoLine(
  logger: PinoLogger,
  symbols: PinoSymbols,
  json: string,
  given: object,
  level: number,
  time: string,
  context: Context | undefined,
): void {
  const name = logger.levels.labels[level] ?? String(level)
  const severity = severityOf(name, level)
  if (json.length > longest) {
    return emit(severity, name, `[a line of ${json.length} characters]`, {}, Date.now(), context)
  }
  const fields = parse(json)
  if (fields === undefined) {
    // What a hook has made of it.
    return emit(severity, name, json.trimEnd(), {}, Date.now(), context)
  }
  const messageKey = logger[symbols.messageKeySym] as string
  const errorKey = logger[symbols.errorKeySym] as string
  const nestedKey = logger[symbols.nestedKeySym] as string | undefined
  const timeStart = logger[symbols.timeSliceIndexSym] as number
  const timeKey = time.slice(2, timeStart - 2) // of `,"time":1760000000000`
  const ids = activeIds(context)
  const line = new Line()
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (key === messageKey || key === timeKey || (key === "level" && (value === level || value === name)))
      continue
    if (isOfProcess(key, value) || isIdOf(ids, key, value)) continue
    if (key === nestedKey && typeof value === "object" && value !== null)
      addFields(line, value as Fields, key, errorKey, given)
    else addField(line, key, key, value, errorKey, given)
  }
  const message = fields[messageKey]
  const text = typeof message === "string" ? message : message === undefined ? "" : JSON.stringify(message)
  emit(severity, name, text, line.attributes, timeOf(time, timeStart), context)
}

type Fields = Record<string, unknown>

function addFields(line: Line, fields: Fields, prefix: string, errorKey: string, given: object): void {
  for (const key of Object.keys(fields)) {
    addField(line, `${prefix}.${key}`, key, fields[key], errorKey, given)
  }
}

function addField(
  line: Line,
  name: string,
  key: string,
  value: unknown,
  errorKey: string,
  given: object,
): void {
  if (typeof value !== "object" || value === null) return line.add(name, value)
  if (key === errorKey && isWritten(value)) return addWritten(line, name, value)
  const original = (given as Fields)[key]
  if (!isError(original)) return line.add(name, value)
  // An error where pino does not look for one is `{}` in its line. With more than that, the app wrote it as it wants it.
  if (isWritten(value)) addWritten(line, name, value)
  else line.addError(original)
}

const isWritten = (value: object): boolean => "message" in value || "stack" in value

const writtenKeys = new Set(["type", "name", "message", "stack"])

/** Besides what every error has there is `code` and the like. */
function addWritten(line: Line, name: string, value: object): void {
  line.addWrittenError(value)
  line.addFields(value, name, writtenKeys)
}

function parse(json: string): Fields | undefined {
  try {
    return JSON.parse(json) as Fields
  } catch {
    return undefined
  }
}

/** Milliseconds, seconds or an ISO time, as pino's functions for it give them. */
function timeOf(time: string, start: number): number {
  const text = time.slice(start)
  const value = text.startsWith('"') ? Date.parse(text.slice(1, -1)) : Number(text)
  if (!(value > 0)) return Date.now()
  return value < 1e11 ? value * 1000 : value
}
