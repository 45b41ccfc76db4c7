// What the app writes with console.*, recorded after it was printed. At the start these are only wrapped: the first line
// loads the SDK. What is printed is Node's business alone, so nothing of it is made here.
import type { Instrumentation } from "../instrumentation/row.ts"
import { createRequire } from "../builtins.ts"
import { contextOfLine, takesLogs } from "../stand-ins.ts"
import { isOwnWork, isPrinting, isRecording, linesSoFar, record } from "./app-lines.ts"

const require = createRequire(import.meta.url)
const recorder = (): typeof import("./console-line.ts") => require("./console-line.js")

// console.assert calls warn, trace calls error, and table, group, count and time call log: these come with that.
const methods = ["debug", "dir", "error", "info", "log", "warn"] as const
export type ConsoleMethod = (typeof methods)[number]

type Print = (this: unknown, ...args: unknown[]) => unknown

const wrapped = new WeakSet<object>()

export function instrumentConsole(): Instrumentation {
  return {
    patches: [
      {
        module: "init",
        patch: () => {
          wrapAll(console, () => true)
          // Those that the app makes itself are its logger only if they print where the console does. Of Node's own
          // console, since a test runner puts one in its place that has no such class.
          wrapAll(process.getBuiltinModule("node:console").Console.prototype, printsToProcess)
        },
      },
    ],
  }
}

function wrapAll(target: object, counts: (on: unknown) => boolean): void {
  if (wrapped.has(target)) return
  wrapped.add(target)
  for (const name of methods) {
    const print = (target as Record<ConsoleMethod, unknown>)[name]
    if (typeof print !== "function") continue
    Object.assign(target, { [name]: wrap(name, print as Print, counts) })
  }
}

function wrap(name: ConsoleMethod, print: Print, counts: (on: unknown) => boolean): Print {
  const wrapper: Print = function (...args) {
    if (args.length === 0 || isRecording() || isPrinting() || !takesLogs() || !counts(this)) {
      return Reflect.apply(print, this, args)
    }
    const before = linesSoFar()
    const result = Reflect.apply(print, this, args)
    // An app may have replaced it by one that calls another logger, or another of these: that one recorded the line.
    if (linesSoFar() === before) take(name, args)
    return result
  }
  Object.defineProperty(wrapper, "name", { value: print.name, configurable: true })
  Object.defineProperty(wrapper, "length", { value: print.length, configurable: true })
  return wrapper
}

function take(name: ConsoleMethod, args: readonly unknown[]): void {
  const context = contextOfLine()
  if (isOwnWork(context)) return
  const time = Date.now()
  record(() => recorder().recordConsoleLine(name, args, time, context))
}

function printsToProcess(on: unknown): boolean {
  const { _stdout: out, _stderr: error } = on as { _stdout?: unknown; _stderr?: unknown }
  return out === process.stdout || error === process.stderr
}
