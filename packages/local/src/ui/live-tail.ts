// Puts logs on top of a list as they are stored, until its signal ends it. A stream that breaks is opened again.
import type { LiveLog } from "../live.ts"
import { ApiError, live } from "./api.ts"
import { type ShownLog, logLine } from "./log-list.ts"
import type { Place } from "./place.ts"
import { plural } from "./spell.ts"

const mostLines = 1_000
const againMs = 2_000

export interface Following {
  readonly search: URLSearchParams
  readonly list: HTMLElement
  /** Where it says how it goes. */
  readonly state: HTMLElement
  readonly place: Place
  readonly signal: AbortSignal
}

export function followLogs({ search, list, state, place, signal }: Following): void {
  const query = new URLSearchParams([...search].filter(([name]) => name !== "live" && name !== "from"))
  query.set("kind", "log")
  let came = 0
  let leftOut = 0
  // Many logs at once are shown together, when the browser is about to paint.
  let waiting: HTMLElement[] = []
  const show = () => {
    list.prepend(...waiting.reverse())
    waiting = []
    while (list.childElementCount > mostLines) list.lastElementChild?.remove()
    tell()
  }
  const tell = () => {
    const missed =
      leftOut === 0 ? "" : `; ${plural(leftOut, "log was", "logs were")} left out, too many at once`
    state.textContent = `Live: ${plural(came, "new log")}${missed}`
  }
  const follow = async () => {
    tell()
    for await (const { name, data } of live(query, signal)) {
      if (name === "dropped") leftOut += Number(data)
      if (name !== "log") continue
      came++
      if (waiting.length === 0) requestAnimationFrame(show)
      if (waiting.length < mostLines) waiting.push(logLine(JSON.parse(data) as LiveLog as ShownLog, place))
      else leftOut++
    }
  }
  const goOn = () => {
    follow()
      .then(() => "ClickStack ended the stream")
      .catch((error: Error) => error)
      .then((end) => {
        if (signal.aborted) return
        const isAway = end instanceof ApiError && end.status === 0
        const refused = end instanceof ApiError && end.status >= 400 && end.status < 500
        const what = isAway ? "ClickStack does not answer" : end instanceof Error ? end.message : end
        state.textContent = `${what}${refused ? "" : "; trying again"}`
        if (!refused) setTimeout(() => signal.aborted || goOn(), againMs)
      })
      .catch(() => {})
  }
  goOn()
}
