// winston's lines as log records, and the ids of the trace in the lines. A line gets its ids when it is written, and is
// recorded when the logger's format is through with it: what that has taken out or left out, the record does not have.
import type { Context } from "@opentelemetry/api"
import { isError } from "../exceptions/read-thrown.ts"
import type { Instrumentation, InstrumentationContext } from "../instrumentation/row.ts"
import { contextOfLine, takesLogs } from "../stand-ins.ts"
import { beginPrinting, endPrinting, isOwnWork, isRecording, record } from "./app-lines.ts"
import { activeIds, addIds, idKeys } from "./trace-ids.ts"
import { isTaken, recordWinstonLine, type WinstonInfo, type WinstonLogger } from "./winston-line.ts"

type Write = (this: WinstonLogger, info: unknown, ...rest: unknown[]) => unknown
type Push = (this: WinstonLogger, info: unknown, ...rest: unknown[]) => boolean

/** A line between write() and the end of the format, which comes later while a transport is slow. */
interface Written {
  readonly info: object
  readonly given: unknown
  readonly context: Context | undefined
}

export function instrumentWinston({ config }: InstrumentationContext): Instrumentation {
  const inject = config.logs.injectTraceIds
  return {
    patches: [
      {
        module: "winston/lib/winston/logger.js",
        versions: [">=3.0.0 <4"],
        patch: ({ prototype }: { prototype: Prototype }) => patchLogger(prototype, inject),
      },
      {
        module: "winston-transport",
        versions: [">=4.0.0 <5"],
        patch: ({ prototype }: { prototype: Transport }) => {
          for (const name of ["_write", "_writev"] as const) prototype[name] = printing(prototype[name])
        },
      },
    ],
  }
}

interface Prototype {
  write: Write
  push: Push
  _transform: (this: WinstonLogger, info: object, ...rest: unknown[]) => unknown
}

type Print = (this: unknown, ...args: unknown[]) => unknown
interface Transport {
  _write: Print
  _writev: Print
}

function printing(print: Print): Print {
  return function (...args) {
    beginPrinting()
    try {
      return Reflect.apply(print, this, args)
    } finally {
      endPrinting()
    }
  }
}

function patchLogger(prototype: Prototype, inject: boolean): void {
  const { write, push, _transform: transform } = prototype
  const waiting = new Map<object, Written & { readonly logger: WinstonLogger }>()
  let written: Written | undefined
  let transforming: Written | undefined

  prototype.write = function (given, ...rest) {
    if (typeof given !== "object" || given === null || isRecording()) return write.call(this, given, ...rest)
    const context = contextOfLine()
    const info = inject ? withIds(given, context) : given
    const outer = written
    const mine = { info, given, context }
    written = mine
    try {
      return write.call(this, info, ...rest)
    } finally {
      if (written === mine) keep(mine, this)
      written = outer
    }
  }

  function keep(one: Written, logger: WinstonLogger): void {
    if (waiting.size === 0) process.prependListener("exit", recordWaiting)
    waiting.set(one.info, { ...one, logger })
  }

  prototype._transform = function (info, ...rest) {
    const outer = transforming
    if (written?.info === info) {
      transforming = written
      written = undefined
    } else transforming = waiting.get(info) ?? { info, given: info, context: contextOfLine() }
    if (waiting.delete(info) && waiting.size === 0) process.off("exit", recordWaiting)
    try {
      return transform.call(this, info, ...rest)
    } finally {
      transforming = outer
    }
  }

  prototype.push = function (info, ...rest) {
    if (transforming !== undefined && typeof info === "object" && info !== null)
      take(this, info, transforming)
    return push.call(this, info, ...rest)
  }

  function take(logger: WinstonLogger, info: object, { given, context }: Written): void {
    if (isRecording() || !takesLogs() || isOwnWork(context)) return
    if (!isTaken(logger, info as WinstonInfo)) return
    record(() => recordWinstonLine(info as WinstonInfo, given, context))
  }

  /** winston itself loses them when the process exits; nothing is printed any more, so their format may run. */
  function recordWaiting(): void {
    for (const [info, { logger, ...one }] of waiting) {
      try {
        const formatted =
          logger.silent === true ? undefined : logger.format?.transform(info, logger.format.options)
        if (typeof formatted === "object" && formatted !== null) take(logger, formatted, one)
      } catch {
        // a format of the app's own
      }
    }
    waiting.clear()
  }
}

/** Errors that have ids of ours: an error is handed on as it is, since formats ask what it is an instance of. */
const marked = new WeakSet<object>()

/** A copy for the transports; what the app has handed over is the app's. */
function withIds(given: object, context: Context | undefined): object {
  const ids = activeIds(context)
  if (!isError(given)) {
    if (ids === undefined) return given
    const copy = { ...given } as Record<string, unknown>
    addIds(copy, ids)
    return copy
  }
  const fields = given as unknown as Record<string, unknown>
  if (marked.delete(given)) for (const key of idKeys) delete fields[key]
  if (ids !== undefined && Object.isExtensible(given) && !idKeys.some((key) => key in fields)) {
    addIds(fields, ids)
    marked.add(given)
  }
  return given
}
