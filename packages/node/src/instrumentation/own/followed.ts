// A request or response of node:http that belongs to a span, and the context that its listeners run in. Node emits
// their events in the context of the connection, which on Node 24 knows nothing of the request, and after a keep-alive
// nothing right. So emit() of their classes enters the context; nothing is added to the objects that an app could see
// but a symbol: no listener, whose number Node itself looks at.
import type { Context } from "@opentelemetry/api"
import type { SpanBodies } from "../../bodies/span-bodies.ts"
import { api } from "../../opentelemetry.ts"

export interface Followed {
  readonly context: Context
  /** When bodies are captured. */
  readonly bodies?: SpanBodies | undefined
  /** After the listeners of an event. */
  readonly emitted?: (emitter: object, event: string | symbol, value: unknown) => void
}

/** In the registry, because an app may hold several copies of this package. */
export const followedKey: unique symbol = Symbol.for("@clickstack/node followed")

export type Marked = { [followedKey]?: Followed | undefined }

type Emit = (
  this: Marked & Emitting,
  ...args: [event: string | symbol, value?: unknown, ...more: unknown[]]
) => boolean
interface Emitting {
  emit: Emit
  listenerCount: (event: string | symbol) => number
  _dumped?: boolean
}

const done = new WeakSet<object>()

/** Once for each class. */
export function followEvents(prototype: object): void {
  if (done.has(prototype)) return
  done.add(prototype)
  const { context } = api()
  const own = Object.getOwnPropertyDescriptor(prototype, "emit")?.value as Emit | undefined
  const parent = Object.getPrototypeOf(prototype) as Emitting
  const emit: Emit = function (...args) {
    const original = own ?? parent.emit // looked up each time: node:domain replaces it
    const followed = this[followedKey]
    if (followed === undefined) return original.apply(this, args)
    try {
      return isUnheard(this, args[0]) || followed.context === context.active()
        ? original.apply(this, args)
        : context.with(followed.context, original, this, ...args)
    } finally {
      followed.emitted?.(this, args[0], args[1])
    }
  }
  Object.defineProperty(prototype, "emit", { value: emit, writable: true, configurable: true })
}

/** Most events of most requests are heard by nobody, and a change of context is dear: each takes 0.5 us. */
function isUnheard(emitter: Emitting, event: string | symbol): boolean {
  const count = emitter.listenerCount(event)
  // The end of a body that the app did not want is heard by Node itself.
  return count === 0 || (count === 1 && event === "end" && emitter._dumped === true)
}

interface Attaching {
  attach?: (context: Context) => unknown
}
const apiKey = Symbol.for("opentelemetry.js.api.1")

/** Makes it the active context until the callback that Node is in returns. */
export function enterContext(context: Context): void {
  const { context: manager } = (globalThis as { [apiKey]?: { context?: Attaching } })[apiKey] ?? {}
  manager?.attach?.(context)
}
