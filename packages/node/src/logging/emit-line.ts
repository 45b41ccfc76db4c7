// Gives a line to OpenTelemetry's logger: a plain text, both severities, and the context that the line belongs to.
import type { Context, HrTime } from "@opentelemetry/api"
import type { Logger } from "@opentelemetry/api-logs"
import { api } from "../opentelemetry.ts"
import { standIns } from "../stand-ins.ts"
import { emitOrHold } from "./app-lines.ts"

export type EmitLine = (
  severity: number,
  level: string,
  text: string,
  attributes: Record<string, unknown>,
  milliseconds: number,
  context: Context | undefined,
) => void

export function lineEmitter(scope: string): EmitLine {
  const logger: Logger = standIns.logs.getLogger(scope)
  return (severityNumber, severityText, body, attributes, milliseconds, context) => {
    // Not as a number, which OpenTelemetry takes for one of performance.now() when it is small.
    const seconds = Math.floor(milliseconds / 1000)
    const timestamp: HrTime = [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
    emitOrHold(() => {
      logger.emit({
        timestamp,
        severityNumber,
        severityText,
        body,
        attributes: attributes as never,
        // Not what is active when it is emitted, which may be later.
        context: context ?? api().ROOT_CONTEXT,
      })
    }, body.length)
  }
}
