// fetch() and undici through upstream's instrumentation, which listens on undici's diagnostics channels. It is loaded by
// the first request, whose message it would miss, so that one is handed to it.
import { undiciOptions } from "./http-options.ts"
import { loadUpstream } from "./upstream.ts"
import type { Instrumentation } from "./row.ts"

interface CreatedMessage {
  readonly request: object
}

interface Undici {
  onRequestCreated: (message: CreatedMessage) => void
}

export function loadFetch(): Instrumentation {
  let undici: Undici | undefined
  let first: object | undefined
  loadUpstream("@opentelemetry/instrumentation-undici", "UndiciInstrumentation", {
    options: undiciOptions(),
    beforeEnable: (instrumentation) => {
      undici = instrumentation as Undici
      const { onRequestCreated } = undici
      // A subscriber that is added while a message is published gets it on some versions of Node and not on others.
      undici.onRequestCreated = (message) => {
        if (message.request !== first) onRequestCreated.call(undici, message)
      }
    },
  })
  return {
    patches: [
      {
        module: "channel:undici:request:create",
        patch: (message: CreatedMessage) => {
          if (first !== undefined) return // after a second init() it listens already
          undici!.onRequestCreated(message)
          first = message.request
        },
      },
    ],
  }
}
