// What exceptions need from the start: a place where everybody finds the recorder, which is loaded with the first
// exception, and the listeners for what nobody catches.
import type { AtStart } from "../at-start.ts"
import { createRequire } from "../builtins.ts"
import type { Config } from "../config.ts"
import { debug } from "../context/current.ts"
import { seenEsModules } from "../instrumentation/module-files.ts"
import { standIns } from "../stand-ins.ts"
import type { Say } from "../stderr.ts"
import { type ExceptionRecorder, seatRecorder } from "./record-exception.ts"
import type { Surroundings } from "./recorder.ts"
import { watchCrashes } from "./watch-crashes.ts"

const require = createRequire(import.meta.url)
const load = {
  recorder: (): typeof import("./recorder.ts") => require("./recorder.js"),
  localVariables: (): typeof import("./local-variables.ts") => require("./local-variables.js"),
  redaction: (): typeof import("../redaction/redaction.ts") => require("../redaction/redaction.js"),
  openSpans: (): typeof import("./end-open-spans.ts") => require("./end-open-spans.js"),
}

// Handed over, because a loader such as tsx's may load what is required later a second time, with all it imports.
const surroundings: Omit<Surroundings, "variables"> = { logs: standIns.logs, seenEsModules }

interface ExceptionOptions {
  readonly config: () => Config
  readonly at: AtStart
  readonly say: Say
  /** Whether the process is ours to watch. */
  readonly watch: boolean
}

export function installExceptions({ config, at, say, watch }: ExceptionOptions): () => void {
  const variables = at.localVariables
    ? load.localVariables().watchLocalVariables(say, load.redaction().createRedaction(config().redact))
    : undefined
  let recorder: ExceptionRecorder | undefined
  const safely = (fn: (made: ExceptionRecorder) => void) => {
    try {
      fn((recorder ??= load.recorder().createRecorder(config(), { ...surroundings, variables })))
    } catch (error) {
      debug(`an exception could not be recorded: ${String(error)}`)
    }
  }
  const lazily: ExceptionRecorder = {
    record: (error, occurrence) => safely((made) => made.record(error, occurrence)),
    rewrite: (span) => safely((made) => made.rewrite(span)),
  }
  const unseat = seatRecorder(lazily)
  const unwatch =
    watch && at.exceptions
      ? watchCrashes({
          rejectionsPass: at.rejectionsPass,
          record: (error, dying) => {
            lazily.record(error, { dying })
            safely(() => load.openSpans().failOpenSpans(error, dying))
          },
        })
      : undefined
  return () => {
    unwatch?.()
    variables?.stop()
    unseat()
  }
}
