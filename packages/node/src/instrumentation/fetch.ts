// fetch() and undici through upstream's instrumentation, which listens on undici's diagnostics channels. It is loaded by
// the first request, whose message it would miss, so that one is handed to it.
import { createRequire } from "../builtins.ts"
import type { Request, UndiciBodies } from "../bodies/watch-undici.ts"
import { undiciOptions } from "./http-options.ts"
import { loadUpstream } from "./upstream.ts"
import type { Instrumentation, InstrumentationContext } from "./row.ts"

const require = createRequire(import.meta.url)

interface Message {
  readonly request: Request
}

interface Undici {
  onRequestCreated: (message: Message) => void
  onDone: (message: Message) => void
  onError: (message: Message) => void
}

export function loadFetch({ config }: InstrumentationContext): Instrumentation {
  const bodies = undiciBodies(config.capture)
  const { requestHook, responseHook, ...options } = undiciOptions(config.capture)
  let undici: Undici | undefined
  let first: object | undefined
  loadUpstream("@opentelemetry/instrumentation-undici", "UndiciInstrumentation", {
    options: {
      ...options,
      requestHook: both(requestHook, bodies?.requestHook),
      responseHook: both(responseHook, bodies?.responseHook),
    },
    beforeEnable: (instrumentation) => {
      undici = instrumentation as Undici
      const { onRequestCreated } = undici
      // A subscriber that is added while a message is published gets it on some versions of Node and not on others.
      undici.onRequestCreated = (message) => {
        if (message.request !== first) onRequestCreated.call(undici, message)
      }
      if (bodies !== undefined) endBodiesBefore(undici, bodies)
    },
  })
  return {
    patches: [
      {
        module: "channel:undici:request:create",
        patch: (message: Message) => {
          if (first !== undefined) return // after a second init() it listens already
          undici!.onRequestCreated(message)
          first = message.request
        },
      },
    ],
  }
}

function undiciBodies(capture: InstrumentationContext["config"]["capture"]): UndiciBodies | undefined {
  if (capture.bodies === "none") return undefined
  const { createBodyCapture } =
    require("../bodies/span-bodies.js") as typeof import("../bodies/span-bodies.ts")
  const { watchUndiciBodies } =
    require("../bodies/watch-undici.js") as typeof import("../bodies/watch-undici.ts")
  return watchUndiciBodies(createBodyCapture(capture))
}

/** Upstream ends the span in these. */
function endBodiesBefore(undici: Undici, { ended }: UndiciBodies): void {
  for (const name of ["onDone", "onError"] as const) {
    const original = undici[name]
    undici[name] = (message) => {
      ended(message.request)
      original.call(undici, message)
    }
  }
}

type Hook = (...args: never[]) => void

function both(first: Hook | undefined, second: Hook | undefined): Hook | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return (...args) => {
    first(...args)
    second(...args)
  }
}
