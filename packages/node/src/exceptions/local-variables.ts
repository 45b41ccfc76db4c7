// The local variables of the functions that throw, on demand. A debugger session in this very thread pauses wherever
// something is thrown, caught or not, because what is recorded later is mostly caught by then. While it is paused nobody
// waits: V8 goes on as soon as the handler returns, so nothing can be blocked for good. Kept with the error, until that goes.
import type { Debugger, Runtime, Session } from "node:inspector"
import type { Redaction } from "../redaction/redaction.ts"
import type { Say } from "../stderr.ts"
import { fileOf } from "./loaded-scripts.ts"

export interface CallFrame {
  readonly file: string
  readonly function: string
  readonly vars: Readonly<Record<string, unknown>>
}

export interface LocalVariables {
  /** Innermost first. */
  readonly of: (error: object) => readonly CallFrame[]
  readonly stop: () => void
}

const mostFrames = 5
const mostVariables = 20
const longestText = 200
// A pause takes about 0.5 ms (Node 20 and 24); an app that throws more than this in a second is left alone until the
// next, but for what nobody will catch.
const mostPauses = 20

const takeThrown = Symbol.for("@clickstack/node thrown")
type Global = { [takeThrown]?: (error: object) => void }
const handOver = `function () { globalThis[Symbol.for("@clickstack/node thrown")]?.(this) }`

/** undefined where a debugger is at work already, which would stop with us, or where there is none. */
export function watchLocalVariables(say: Say, redaction: Redaction | undefined): LocalVariables | undefined {
  const inspector = loadInspector()
  if (inspector === undefined) return refuse(say, "this Node has no inspector")
  if (inspector.url() !== undefined) return refuse(say, "a debugger is attached")

  const known = new WeakMap<object, CallFrame[]>()
  /** Files of the app, by V8's number of the script. */
  const scripts = new Map<string, string>()
  const own = fileOf(new URL("..", import.meta.url).href)!
  const session = new inspector.Session()
  let pauses = 0
  let waiting: NodeJS.Timeout | undefined
  let thrown: object | undefined
  const redact = (name: string, value: unknown): unknown =>
    redaction === undefined ? value : redaction.value(name, value)

  function onPause({ reason, data, callFrames }: Debugger.PausedEventDataType): void {
    if (reason !== "exception" && reason !== "promiseRejection") return
    const { objectId } = (data ?? {}) as { objectId?: string }
    if (objectId === undefined || callFrames.every(({ location }) => !scripts.has(location.scriptId))) return
    thrown = undefined
    session.post("Runtime.callFunctionOn", { objectId, functionDeclaration: handOver, silent: true })
    if (thrown === undefined || known.has(thrown)) return
    known.set(thrown, framesOf(session, callFrames, scripts, redact))
    thrown = undefined
    pauses++
    if (pauses >= mostPauses && waiting === undefined) {
      pauseOn("uncaught")
      waiting = setTimeout(() => {
        waiting = undefined
        pauses = 0
        pauseOn("all")
      }, 1000).unref()
    }
  }
  const pauseOn = (state: "all" | "uncaught") => session.post("Debugger.setPauseOnExceptions", { state })

  try {
    session.connect()
    session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => {
      const file = url.includes("node_modules") ? undefined : fileOf(url)
      if (file !== undefined && !file.startsWith(own)) scripts.set(scriptId, file)
    })
    session.on("Debugger.paused", ({ params }) => {
      try {
        if (inspector.url() !== undefined) stop()
        else onPause(params)
      } catch {
        // what is thrown here would be thrown into the app
      }
    })
    session.post("Debugger.enable")
    pauseOn("all")
  } catch (error) {
    return refuse(say, String(error))
  }
  ;(globalThis as Global)[takeThrown] = (error) => (thrown = error)
  const second = setInterval(() => waiting === undefined && (pauses = 0), 1000).unref()

  function stop(): void {
    clearInterval(second)
    clearTimeout(waiting)
    session.disconnect()
    delete (globalThis as Global)[takeThrown]
  }
  return { of: (error) => known.get(error) ?? [], stop }
}

function loadInspector(): typeof import("node:inspector") | undefined {
  try {
    return process.getBuiltinModule("node:inspector")
  } catch {
    return undefined
  }
}

function refuse(say: Say, why: string): undefined {
  say("warn", "local variables", `local variables are not captured: ${why}`)
}

function framesOf(
  session: Session,
  callFrames: readonly Debugger.CallFrame[],
  scripts: ReadonlyMap<string, string>,
  redact: (name: string, value: unknown) => unknown,
): CallFrame[] {
  return callFrames
    .filter(({ location }) => scripts.has(location.scriptId))
    .slice(0, mostFrames)
    .map(({ location, functionName, scopeChain }) => {
      const vars: Record<string, unknown> = {}
      for (const { type, object } of scopeChain) {
        if ((type !== "local" && type !== "block") || object.objectId === undefined) continue
        const options = { objectId: object.objectId, ownProperties: true, generatePreview: true }
        session.post("Runtime.getProperties", options, (_error, given) => {
          const { result = [] } = given as Partial<Runtime.GetPropertiesReturnType>
          for (const { name, value } of result) {
            // The innermost of one name is the one that the code sees.
            if (Object.keys(vars).length >= mostVariables || Object.hasOwn(vars, name)) continue
            vars[name] = redact(name, summary(value, redact))
          }
        })
      }
      return { file: scripts.get(location.scriptId)!, function: functionName, vars }
    })
}

/** An object with what is in it, and no deeper. */
function summary(
  value: Runtime.RemoteObject | undefined,
  redact: (name: string, value: unknown) => unknown,
): unknown {
  if (value === undefined) return "[getter]"
  const { type, subtype, preview, description = "" } = value
  if (type === "string") return cut(String(value.value))
  if (type === "undefined") return "[undefined]"
  if (value.unserializableValue !== undefined) return value.unserializableValue
  if (type !== "object" || value.value === null) return type === "object" ? null : plain(value)
  if (preview === undefined || (subtype !== undefined && subtype !== "array")) return cut(description)
  const inside: Record<string, unknown> = {}
  for (const one of preview.properties) inside[one.name] = redact(one.name, plain(one))
  if (preview.overflow) inside["…"] = "…"
  return subtype === "array" ? Object.values(inside) : inside
}

function plain({
  type,
  value,
  description,
}: {
  type: string
  value?: unknown
  description?: string | undefined
}): unknown {
  if (type === "number") return Number(value)
  if (type === "boolean") return value === true || value === "true"
  if (type === "function") return "[function]"
  return cut(String(value ?? description ?? type))
}

const cut = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text)
