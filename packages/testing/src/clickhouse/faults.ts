// What the server is told to do wrong: a list of faults, each with the requests it is for and how often.
import type { RequestKind } from "./request-log.ts"

export type Fault = FaultScope &
  (
    | {
        /** Answers with this exception code. */
        readonly exception: number
        /** The exception's text; names the fault unless given. */
        readonly message?: string
        /** The HTTP status instead of the code's own; 200 carries the exception in the body alone. */
        readonly status?: number
        /** Under status 200, after this much of an answer, as a server does when a query fails half-way. */
        readonly midway?: boolean
      }
    | {
        /**
         * Resets the connection: `"before"` the body is read, `"inside"` it, `"after"` it was read (nothing is
         * done), `"done"` when the statement has been run and before any answer, `"answer"` inside of the answer.
         */
        readonly reset: "before" | "inside" | "after" | "done" | "answer"
      }
    | {
        /** Waits this many milliseconds before it reads the request. */
        readonly delay: number
      }
    | {
        /** Sends its answer, headers first, at this many bytes per second. */
        readonly drip: number
      }
    | {
        /** Never answers, until the fault is cleared; then it goes on, if the client is still there. */
        readonly hang: true
      }
  )

interface FaultScope {
  /** Only for these requests; every one unless given. */
  readonly on?: RequestKind
  /** Only for statements that match. */
  readonly match?: RegExp
  /** Strikes when the statement has been run: an insert is stored, and its client does not learn it. */
  readonly afterwards?: boolean
  /** For how many requests; 1 unless given, `Infinity` for all until it is cleared. */
  readonly times?: number
}

export interface ArmedFault {
  readonly id: number
  readonly fault: Fault
  hits: number
  /** Settles when the fault is cleared: what hangs goes on then. */
  readonly cleared: Promise<void>
  clear(): void
}

export interface Faults {
  arm(id: number, fault: Fault): void
  clear(id?: number): void
  hits(id: number): number
  /** The first fault for a request of this kind and statement, counted as used; undefined if there is none. */
  take(kind: RequestKind, sql: string): ArmedFault | undefined
}

export function createFaults(): Faults {
  const armed = new Map<number, ArmedFault>()
  const used = new Map<number, number>()

  return { arm, clear, hits: (id) => used.get(id) ?? 0, take }

  function arm(id: number, fault: Fault): void {
    const cleared = new AbortController()
    const promise = new Promise<void>((resolve) => cleared.signal.addEventListener("abort", () => resolve()))
    armed.set(id, { id, fault, hits: 0, cleared: promise, clear: () => cleared.abort() })
  }

  function clear(id?: number): void {
    for (const one of id === undefined ? armed.values() : [armed.get(id)]) {
      one?.clear()
      if (one !== undefined) armed.delete(one.id)
    }
  }

  function take(kind: RequestKind, sql: string): ArmedFault | undefined {
    for (const one of armed.values()) {
      const { on, match, times = 1 } = one.fault
      if (
        one.hits >= times ||
        (on !== undefined && on !== kind) ||
        (match !== undefined && !found(match, sql))
      )
        continue
      one.hits++
      used.set(one.id, one.hits)
      return one
    }
    return undefined
  }
}

// A regular expression with the g or y flag remembers where it was.
function found(match: RegExp, sql: string): boolean {
  match.lastIndex = 0
  return match.test(sql)
}
