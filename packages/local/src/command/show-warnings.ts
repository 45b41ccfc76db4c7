// What the parts of this warn of, through OpenTelemetry's diagnostics, as lines on stderr.
import { DiagLogLevel, diag } from "@opentelemetry/api"
import type { Terminal } from "./terminal.ts"

/** Returns what prints a warning. */
export function showWarnings(terminal: Terminal): (message: string) => void {
  const warn = (message: string) => terminal.error(`clickstack: ${message}\n`)
  diag.setLogger(
    {
      error: warn,
      warn: (message) => warn(message.replace(/^clickstack: /, "")),
      info() {},
      debug() {},
      verbose() {},
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  return warn
}
