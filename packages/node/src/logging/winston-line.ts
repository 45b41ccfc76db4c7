// A line of winston's as a log record.
import type { Context } from "@opentelemetry/api"
import { isError } from "../exceptions/read-thrown.ts"
import { lineEmitter } from "./emit-line.ts"
import { Line, plainText } from "./line.ts"
import { severityOf } from "./severity.ts"
import { activeIds, isIdOf } from "./trace-ids.ts"

const levelSymbol: unique symbol = Symbol.for("level")
const splatSymbol: unique symbol = Symbol.for("splat")

export interface WinstonInfo {
  readonly [levelSymbol]?: string
  readonly level: string
  readonly message?: unknown
  readonly timestamp?: unknown
  readonly stack?: unknown
  /** What winston itself logs of an uncaught exception, with the process's arguments. */
  readonly exception?: unknown
}

interface WinstonTransport {
  readonly level?: string
  readonly silent?: boolean
  readonly handleExceptions?: boolean
}

export interface WinstonLogger {
  readonly level: string
  readonly silent?: boolean
  readonly levels: Readonly<Record<string, number>>
  readonly transports: readonly WinstonTransport[]
  readonly format?: { transform(info: object, options: unknown): unknown; readonly options: unknown }
}

/** Transports by which the app sends its lines to a collector itself. */
const senders = new Set(["OpenTelemetryTransportV3", "HyperDXWinston"])

/** Whether one of the transports prints it; without any, whether the logger would. */
export function isTaken({ level, levels, transports }: WinstonLogger, info: WinstonInfo): boolean {
  const given = levels[info[levelSymbol] ?? info.level]
  const reaches = (threshold: string) => given === undefined || (levels[threshold] ?? Infinity) >= given
  if (transports.length === 0) return reaches(level)
  let taken = false
  for (const one of transports) {
    if (senders.has(one.constructor.name)) return false
    if (one.silent === true || (info.exception === true && one.handleExceptions !== true)) continue
    if (reaches(one.level ?? level)) taken = true
  }
  return taken
}

const own = new Set(["level", "message", "stack"])
const ofException = new Set(["date", "process", "os", "trace"])

const emit = lineEmitter("winston")

export function recordWinstonLine(info: WinstonInfo, given: unknown, context: Context | undefined): void {
  const line = new Line()
  const error = errorIn(given) ?? errorIn(info)
  if (error !== undefined) line.addError(error)
  else if (typeof info.stack === "string") line.addWrittenError({ message: info.message, stack: info.stack })
  const ids = activeIds(context)
  const time = timeOf(info.timestamp)
  for (const key of Object.keys(info)) {
    if (own.has(key) || (key === "timestamp" && time !== undefined)) continue
    if (info.exception === true && ofException.has(key)) continue
    const value = (info as unknown as Record<string, unknown>)[key]
    if (value === error && error !== undefined) continue
    if (!isIdOf(ids, key, value)) line.add(key, value)
  }
  const level = info[levelSymbol] ?? info.level
  emit(severityOf(level), level, textOf(info.message), line.attributes, time ?? Date.now(), context)
}

/** The line itself, its message, one of its fields, or what came after the message. */
function errorIn(info: unknown): unknown {
  if (typeof info !== "object" || info === null) return undefined
  if (isError(info)) return info
  for (const value of Object.values(info)) if (isError(value)) return value
  const splat = (info as { [splatSymbol]?: unknown })[splatSymbol]
  return Array.isArray(splat) ? splat.find((value) => isError(value)) : undefined
}

function textOf(message: unknown): string {
  if (typeof message === "string") return plainText(message)
  if (message === undefined) return ""
  if (isError(message)) return message.message
  return process.getBuiltinModule("node:util").inspect(message)
}

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/

/** Of format.timestamp(); a time in a format of the app's own stays an attribute. */
function timeOf(timestamp: unknown): number | undefined {
  if (timestamp instanceof Date) return timestamp.getTime()
  return typeof timestamp === "string" && isoTime.test(timestamp) ? Date.parse(timestamp) : undefined
}
