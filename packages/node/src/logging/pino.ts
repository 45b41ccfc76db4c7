// pino's lines as log records, and the ids of the trace in the lines. Both work on the line as pino has made it: so what
// the app's serializers, formatters and redaction did to it holds for the record too, and none of them runs twice.
import { createRequire } from "../builtins.ts"
import type { Instrumentation, InstrumentationContext } from "../instrumentation/row.ts"
import { contextOfLine, takesLogs } from "../stand-ins.ts"
import { beginPrinting, endPrinting, isOwnWork, isRecording, record } from "./app-lines.ts"
import { recordPinoLine } from "./pino-line.ts"
import { isSentByTheApp, markSenders } from "./pino-senders.ts"
import { activeIds, addIdsToJson } from "./trace-ids.ts"

const versions = [">=8.0.0 <11"]

type Write = (this: PinoLogger, object: unknown, message: unknown, level: number) => void
type AsJson = (this: PinoLogger, object: object, message: unknown, level: number, time: string) => string
type StreamWrite = (line: string) => string

/** What we use of a logger: pino keeps it under symbols, which it exports. */
export type PinoLogger = Record<symbol, unknown> & {
  readonly levels: { readonly labels: Readonly<Record<number, string>> }
}

export type PinoSymbols = Readonly<
  Record<
    | "asJsonSym"
    | "endSym"
    | "errorKeySym"
    | "hooksSym"
    | "messageKeySym"
    | "nestedKeySym"
    | "streamSym"
    | "timeSliceIndexSym"
    | "writeSym",
    symbol
  >
>

export function instrumentPino({ config }: InstrumentationContext): Instrumentation {
  const inject = config.logs.injectTraceIds
  return {
    patches: [
      {
        module: "pino/lib/proto.js",
        versions,
        patch: (makePrototype: () => object, _version: unknown, directory: string | undefined) => {
          const symbols = createRequire(`${directory}/package.json`)("./lib/symbols.js") as PinoSymbols
          patchPrototype(Object.getPrototypeOf(makePrototype()) as PinoLogger, symbols, inject)
        },
      },
      { module: "thread-stream", versions: [">=2.0.0 <5"], patch: markSenders },
    ],
  }
}

function patchPrototype(prototype: PinoLogger, symbols: PinoSymbols, inject: boolean): void {
  const { writeSym, asJsonSym, hooksSym, streamSym, endSym } = symbols
  const write = prototype[writeSym] as Write
  const asJson = prototype[asJsonSym] as AsJson
  let writing: PinoLogger | undefined
  let changed: ((line: string) => void) | undefined // set while a line goes to a hook that may change it

  prototype[writeSym] = function (this: PinoLogger, object: unknown, message: unknown, level: number) {
    const hooks = this[hooksSym] as Hooks
    const outer = writing
    writing = this // oxlint-disable-line typescript/no-this-alias -- of one logger the other's line may be made
    beginPrinting()
    try {
      if (hooks.streamWrite === undefined) write.call(this, object, message, level)
      else writeThroughHook(this, hooks, hooks.streamWrite, () => write.call(this, object, message, level))
    } finally {
      endPrinting()
      writing = outer
    }
  }

  /** Such a hook is where an app redacts the whole line, so the record is made of what it gives. */
  function writeThroughHook(logger: PinoLogger, hooks: Hooks, hook: StreamWrite, go: () => void): void {
    const own = Object.getOwnPropertyDescriptor(logger, hooksSym)
    const outer = changed
    changed = undefined
    const streamWrite: StreamWrite = (line) => {
      const given = hook(line)
      changed?.(given)
      return given
    }
    logger[hooksSym] = { ...hooks, streamWrite }
    try {
      go()
    } finally {
      changed = outer
      if (own === undefined) delete logger[hooksSym]
      else Object.defineProperty(logger, hooksSym, own)
    }
  }

  prototype[asJsonSym] = function (
    this: PinoLogger,
    object: object,
    message: unknown,
    level: number,
    time: string,
  ) {
    const line = asJson.call(this, object, message, level, time)
    if (writing !== this || isRecording()) return line
    writing = undefined
    const context = contextOfLine()
    const ids = inject ? activeIds(context) : undefined
    if (takesLogs() && isTaken(this[streamSym] as PinoStream, level) && !isOwnWork(context)) {
      const take = (text: string) => recordPinoLine(this, symbols, text, object, level, time, context)
      if ((this[hooksSym] as Hooks).streamWrite === undefined) record(() => take(line))
      else changed = (text) => record(() => take(text))
    }
    return ids === undefined ? line : addIdsToJson(line, ids, this[endSym] as string)
  }
}

interface Hooks {
  readonly streamWrite?: StreamWrite
}

interface PinoStream {
  /** Of a multistream: the lowest level that one of its streams takes. */
  readonly minLevel?: unknown
}

const isTaken = (stream: PinoStream, level: number): boolean =>
  !(typeof stream.minLevel === "number" && level < stream.minLevel) && !isSentByTheApp(stream)
