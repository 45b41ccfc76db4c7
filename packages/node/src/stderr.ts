// Everything this package says goes through here: lines on stderr that begin with "clickstack:", and at most one a
// minute about the same trouble. stdout is never touched.
import { fs } from "./builtins.ts"
import type { LogLevel } from "./options.ts"

const levels: readonly LogLevel[] = ["none", "error", "warn", "info", "debug", "verbose"]
const quietFor = 60_000
const mostTopics = 1000

export type Say = (
  level: "error" | "warn" | "info" | "debug" | "verbose",
  topic: string,
  line: string,
) => void

/** `topic` names the trouble: lines of one topic come at most once a minute, whatever they say. */
export function createSay(
  logLevel: LogLevel,
  write: (text: string) => void = writeToStderr,
  now: () => number = () => performance.now(),
): Say {
  const threshold = logLevel === "all" ? levels.length : levels.indexOf(logLevel)
  const lastSaid = new Map<string, number>()
  return (level, topic, line) => {
    if (levels.indexOf(level) > threshold) return
    const last = lastSaid.get(topic)
    const time = now()
    if (last !== undefined && time - last < quietFor) return
    if (lastSaid.size >= mostTopics) lastSaid.clear()
    lastSaid.set(topic, time)
    write(`clickstack: ${line.replace(/\s*\n\s*/g, " ")}\n`)
  }
}

/** Synchronous, so that a line said just before the process ends is not lost; process.stderr itself costs 2 ms to make. */
function writeToStderr(text: string): void {
  try {
    fs.writeSync(2, text)
  } catch {
    // closed or full: there is nobody to tell
  }
}
