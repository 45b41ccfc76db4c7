// One fault's world: a destination, a place on disk, and the apps that are started in it. It keeps the books: what was
// recorded is delivered, dropped and counted, or on disk, by what the apps count and by the ids that arrived.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { expect } from "vitest"
import { type App, type AppOptions, balance, type Report, startApp } from "./app.ts"
import { type DestinationServer, type Kind, openDestination } from "./destination.ts"
import { startTlsFront } from "./tls-front.ts"

/** What became of everything that was recorded in a world. */
export interface Tally {
  readonly recorded: number
  readonly delivered: number
  /** By reason; those that are 0 left out. */
  readonly dropped: Readonly<Record<string, number>>
  /** On disk, for the next process. */
  readonly spooled: number
}

export interface World extends DestinationServer {
  readonly state: string
  /** Starts another app with the same place on disk; the names of what it records begin with another number. */
  start(env?: Record<string, string>, options?: AppOptions): App
  /** The same destination behind TLS, with an expired certificate until it is renewed; `env` points an app there. */
  tlsFront(): Promise<{ readonly env: Record<string, string>; readonly renew: () => void }>
  /** All that ever arrived, each once, in the order of their numbers. */
  numbers(): Promise<number[]>
  /** Waits until nothing is left over in this app, then tallies. */
  settled(app: App): Promise<Tally>
  /** As of now. Without an app: when all have ended and the last left this many on disk. */
  tally(app: App | number): Promise<Tally>
}

const patience = 200_000 // milliseconds
const idsPerApp = 1_000_000

/** Tries until it passes, or fails as it last did. (vitest's own poll knows only one test at a time.) */
export async function eventually(passes: () => unknown): Promise<void> {
  const until = performance.now() + patience
  for (;;) {
    try {
      await passes()
      return
    } catch (error) {
      if (performance.now() > until) throw error
      await pause(50)
    }
  }
}

export async function createWorld(kind: Kind, given: Record<string, string> = {}): Promise<World> {
  const state = mkdtempSync(join(tmpdir(), "clickstack-state-"))
  const destination = await openDestination(kind)
  const apps: App[] = []
  const others: AsyncDisposable[] = []
  const last = new Map<App, Report>()

  function start(env: Record<string, string> = {}, options: AppOptions = {}): App {
    const app = startApp(
      {
        ...destination.env,
        CLICKSTACK_TRACES_DELAY: "100",
        XDG_STATE_HOME: state,
        FROM: String(apps.length * idsPerApp),
        ...given,
        ...env,
      },
      options,
    )
    if (env["BARE"] !== undefined) {
      others.push(app)
      return app // it has no SDK, so what it records goes nowhere
    }
    const watched: App = {
      ...app,
      ask: async (...command) => {
        const report = await app.ask(...command)
        last.set(watched, report)
        return report
      },
    }
    apps.push(watched)
    return watched
  }

  const numbers = async () => {
    const ids = await destination.arrived()
    // A span without a name is -1.
    return [...new Set(ids.map((id) => Number(/^span-(\d+)$/.exec(id)?.[1] ?? -1)))].toSorted((a, b) => a - b)
  }

  async function tally(app: App | number): Promise<Tally> {
    if (typeof app !== "number") await app.ask("stats")
    const dropped: Record<string, number> = {}
    let recorded = 0
    for (const { issued, stats } of last.values()) {
      recorded += issued
      expect(balance(stats).in).toBe(balance(stats).out)
      for (const [reason, count] of Object.entries(stats.traces[0]?.dropped ?? {})) {
        if (count > 0) dropped[reason] = (dropped[reason] ?? 0) + count
      }
    }
    const now = typeof app === "number" ? undefined : last.get(app)!.stats.traces[0]
    const spooled = typeof app === "number" ? app : (now?.spooled ?? 0)
    const delivered = (await numbers()).length
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    // By ids, over all processes...
    expect({ recorded }).toEqual({ recorded: delivered + lost + spooled + (now?.waiting ?? 0) })
    // ... and by what the app itself says, where there was only one.
    if (apps.length === 1 && now !== undefined) {
      expect({ produced: now.produced, delivered: now.delivered }).toEqual({ produced: recorded, delivered })
    }
    return { recorded, delivered, dropped, spooled }
  }

  async function settled(app: App): Promise<Tally> {
    let settledAs: Tally | undefined
    await eventually(async () => {
      settledAs = undefined
      const { stats } = await app.ask("stats")
      const { waiting = 0, lastError } = stats.traces[0] ?? {}
      expect({ waiting, lastError }).toEqual({ waiting: 0, lastError })
      // What another process left is known only once it is read.
      settledAs = await tally(app)
      expect(settledAs.spooled).toBe(0)
    })
    return settledAs!
  }

  async function tlsFront() {
    const authority = join(state, "authority.pem")
    const target = destination.proxy.port
    const front = await startTlsFront(target, authority, [kind === "grpc" ? "h2" : "http/1.1"])
    others.push(front)
    const env: Record<string, string> = { NODE_EXTRA_CA_CERTS: authority }
    for (const [name, value] of Object.entries(destination.env)) {
      env[name] = value.replace(/^http:/, "https:").replace(`127.0.0.1:${target}`, `localhost:${front.port}`)
    }
    return { env, renew: front.renew }
  }

  return {
    kind,
    tlsFront,
    command: destination.command,
    proxy: destination.proxy,
    env: destination.env,
    arrived: destination.arrived,
    get collector() {
      return destination.collector
    },
    failInserts: destination.failInserts,
    state,
    start,
    numbers,
    settled,
    tally,
    [Symbol.asyncDispose]: async () => {
      for (const app of apps) await app[Symbol.asyncDispose]()
      for (const front of others) await front[Symbol.asyncDispose]()
      await destination[Symbol.asyncDispose]()
      rmSync(state, { recursive: true, force: true })
    },
  }
}
