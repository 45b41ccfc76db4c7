// One line when a destination stops taking what is sent, one when it takes it again; not one for each signal, and
// none while nothing changes.
import type { Say } from "../stderr.ts"
import type { Trouble } from "./outcome.ts"

export interface Outages {
  /** @param where What the line is said once for: the deliveries to one server share it. */
  away(where: string, delivery: object, trouble: Trouble, line: string): void
  back(where: string, delivery: object, line: string): void
}

export function createOutages(say: Say): Outages {
  const current = new Map<string, { trouble: Trouble; deliveries: Set<object> }>()
  return {
    away: (where, delivery, trouble, line) => {
      const known = current.get(where)
      known?.deliveries.add(delivery)
      if (known?.trouble === trouble) return
      current.set(where, { trouble, deliveries: known?.deliveries ?? new Set([delivery]) })
      say("warn", `${where} ${trouble}`, line)
    },
    back: (where, delivery, line) => {
      const known = current.get(where)
      if (known === undefined) return
      known.deliveries.delete(delivery)
      if (known.deliveries.size > 0) return
      current.delete(where)
      say("info", `${where} back`, line)
    },
  }
}
