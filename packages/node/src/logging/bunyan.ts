// bunyan's lines as log records, and the ids of the trace in the lines: where a record goes to the streams, after the
// serializers.
import type { Context } from "@opentelemetry/api"
import { isError } from "../exceptions/read-thrown.ts"
import type { Instrumentation, InstrumentationContext } from "../instrumentation/row.ts"
import { contextOfLine, takesLogs } from "../stand-ins.ts"
import { lineEmitter } from "./emit-line.ts"
import { Line } from "./line.ts"
import { beginPrinting, endPrinting, isOwnWork, isRecording, record } from "./app-lines.ts"
import { isOfProcess } from "./process-fields.ts"
import { severityOf } from "./severity.ts"
import { activeIds, addIds, isIdOf } from "./trace-ids.ts"

type BunyanRecord = Record<string, unknown> & { readonly level: number }

interface BunyanLogger {
  readonly streams: readonly { readonly level: number; readonly stream?: object }[]
  _emit(record: BunyanRecord, noEmit?: boolean): string
}

interface Bunyan {
  readonly prototype: BunyanLogger
  readonly nameFromLevel: Readonly<Record<number, string>>
}

export function instrumentBunyan({ config }: InstrumentationContext): Instrumentation {
  const inject = config.logs.injectTraceIds
  return {
    patches: [
      { module: "bunyan", versions: [">=1.0.0 <3"], patch: (bunyan: Bunyan) => patchEmit(bunyan, inject) },
    ],
  }
}

function patchEmit({ prototype, nameFromLevel }: Bunyan, inject: boolean): void {
  const original = prototype._emit
  const emit = lineEmitter("bunyan")
  prototype._emit = function (fields, noEmit) {
    if (noEmit === true || isRecording()) return original.call(this, fields, noEmit)
    const context = contextOfLine()
    const ids = inject ? activeIds(context) : undefined
    if (ids !== undefined) addIds(fields, ids)
    if (takesLogs() && isTaken(this, fields.level) && !isOwnWork(context)) {
      record(() => {
        const line = lineOf(fields, context)
        const name = nameFromLevel[fields.level] ?? String(fields.level)
        const text = String(fields["msg"])
        emit(severityOf(name, fields.level), name, text, line.attributes, timeOf(fields["time"]), context)
      })
    }
    beginPrinting()
    try {
      return original.call(this, fields, noEmit)
    } finally {
      endPrinting()
    }
  }
}

/** Not what @opentelemetry/instrumentation-bunyan sends. */
function isTaken({ streams }: BunyanLogger, level: number): boolean {
  let taken = false
  for (const one of streams) {
    if (one.stream?.constructor?.name === "OpenTelemetryBunyanStream") return false
    if (one.level <= level) taken = true
  }
  return taken
}

const without = new Set(["level", "msg", "time", "v"])
const writtenKeys = new Set(["name", "message", "stack"])

function lineOf(fields: BunyanRecord, context: Context | undefined): Line {
  const ids = activeIds(context)
  const line = new Line()
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (without.has(key) || isOfProcess(key, value) || isIdOf(ids, key, value)) continue
    if (key === "err" && isWritten(value)) {
      line.addWrittenError(value)
      line.addFields(value, key, writtenKeys)
    } else line.add(key, value)
  }
  return line
}

const isWritten = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !isError(value) && ("message" in value || "stack" in value)

function timeOf(time: unknown): number {
  const value =
    time instanceof Date ? time.getTime() : typeof time === "string" ? Date.parse(time) : Number(time)
  return value > 0 ? value : Date.now()
}
