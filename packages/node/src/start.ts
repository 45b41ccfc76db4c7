// Starts the SDK: one configuration, one set of providers in the API's globals, one handle. A second call gives the
// first's.
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { ApiCopy } from "./api-copies.ts"
import { createRequire, isTerminal } from "./builtins.ts"
import { plainStart, startOf } from "./at-start.ts"
// The app may import these while we require them: test/node/import-graph.test.ts
// oxlint-disable-next-line no-unassigned-import
import "./clickstack-error.ts"
// oxlint-disable-next-line no-unassigned-import
import "./context/capture-error.ts"
import { watchEnd } from "./delivery/process-end.ts"
import type { Config } from "./config.ts"
import type { DescribedSetting } from "./describe.ts"
import { type Providers, registerGlobals } from "./globals.ts"
import { installHooks } from "./instrumentation/hooks.ts"
import type { DescribedInstrumentation } from "./instrumentation/module-patcher.ts"
import type { InstrumentationContext } from "./instrumentation/row.ts"
import { table } from "./instrumentation/table.ts"
import { installExceptions } from "./exceptions/install-exceptions.ts"
import { holdFirstLines, releaseFirstLines } from "./logging/app-lines.ts"
import { createSdk, type Sdk, type Stats } from "./sdk.ts"
import { type AttachingContextManager, currentPropagation, lazy, seat, standIns } from "./stand-ins.ts"
import { createSay, type Say } from "./stderr.ts"

export interface Clickstack {
  /** Sends what was recorded so far; waits until it is delivered, dropped, or the time is up. Never rejects. */
  flush(): Promise<void>
  /** Sends what was recorded so far, within the exit budget, and ends; after it init() starts anew. Never rejects. */
  shutdown(): Promise<void>
  /** What became of everything that was recorded, by signal and destination. */
  stats(): Stats
  /** The configuration in effect, each value with its source, secrets masked. */
  describe(): Description
}

export interface Description {
  readonly settings: Readonly<Record<string, DescribedSetting>>
  /** What was wrong or unlikely in the configuration. */
  readonly warnings: readonly string[]
  /** The kinds of provider that another SDK had registered before, and keeps. */
  readonly taken: readonly string[]
  readonly instrumentation: DescribedInstrumentation & {
    /** Libraries that the app loaded before init(), which came too late for them. */
    readonly tooEarly: readonly string[]
  }
}

// Most starts need the one never, and the other not at once.
const require = createRequire(import.meta.url)
const configuration = (): typeof import("./config.ts") => require("./config.js")
const describer = (): typeof import("./describe.ts") => require("./describe.js")

const warmAfter = 100 // milliseconds, when most servers have started

// In a global, because an app may hold several copies of this package.
const key = Symbol.for("@clickstack/node")
type Global = { [key]?: { clickstack: Clickstack; warnAgain: () => void } | undefined }

/** What the app loaded before us; nothing when we are preloaded. */
export interface Before {
  readonly copies: readonly ApiCopy[]
  readonly libraries: readonly string[]
}

/** For `isolated.ts`: beside whatever the process has started. */
export interface Isolation {
  readonly env: NodeJS.ProcessEnv
  readonly watch: SpanProcessor | undefined
}

const noOptions: ReadonlyMap<string, unknown> = new Map()

/**
 * `readOptions` gives what is set in code; what starts without code need not load what reads it.
 * @throws ClickstackError CONFIG_INVALID for unknown or wrong options.
 */
export function start(
  readOptions: () => ReadonlyMap<string, unknown> = () => noOptions,
  findBefore?: () => Before,
  isolation?: Isolation,
): Clickstack {
  const global = globalThis as Global
  const running = global[key]
  if (running !== undefined && isolation === undefined) {
    running.warnAgain()
    return running.clickstack
  }
  const code = readOptions()
  const env = isolation?.env ?? environment()
  let said: Say | undefined
  const resolution = lazy(() => {
    const { configFrom, homeOfUser } = configuration()
    const made = configFrom(code, env, isolation === undefined ? homeOfUser : undefined)
    said = createSay(made.config.logLevel)
    for (const warning of made.warnings) said("warn", warning, warning)
    return made
  })
  const config = () => resolution.get().config
  const say: Say = (...line) => (said ?? createSay(config().logLevel))(...line)
  const at =
    (code === noOptions && isolation === undefined ? plainStart(env) : undefined) ?? startOf(config())

  const sdk = createSdk({ config, at, say, watch: isolation?.watch })
  const before = findBefore?.()
  const { taken, leave } = takePlace(sdk, before, isolation !== undefined)
  if (taken.length > 0) {
    say(
      "warn",
      "taken",
      `another OpenTelemetry SDK registered ${taken.join(", ")} before and keeps it; call init() first, or remove the other`,
    )
  }
  const forgetExceptions = at.disabled
    ? undefined
    : installExceptions({ config, at, say, watch: isolation === undefined })
  const instrumented = table.filter(({ name }) => at.instrumentations.has(name))
  const hooks =
    instrumented.length === 0
      ? undefined
      : installHooks(instrumented, contextOf(config, say), sdk.hostWorkers)
  if (hooks === undefined) sdk.hostWorkers()
  if (before !== undefined && before.libraries.length > 0 && !at.disabled) {
    say(
      "warn",
      "late",
      `init() came after ${before.libraries.join(", ")} loaded, which will not be traced; call it first, or start with node --import @clickstack/node/register`,
    )
  }
  if (at.startupLine ?? isTerminal(2)) {
    createSay("info")("info", "start", describer().startupLine(config()))
  }

  if (isolation === undefined) holdFirstLines()
  const warm = () => {
    releaseFirstLines()
    sdk.warm()
    hooks?.warm()
  }
  // So that the first request need not wait for it; a process that is done sooner never loads it.
  const warming = isolation === undefined ? setTimeout(warm, warmAfter).unref() : undefined
  const unwatch =
    isolation === undefined
      ? watchEnd({
          budget: () => {
            releaseFirstLines()
            return resolution.made()?.config.exitBudget ?? 0 // without a configuration nothing is recorded
          },
          onSignals: at.stopOnSignals,
          flush: sdk.flushBriefly,
          exit: sdk.exit,
          produced: sdk.produced,
        })
      : undefined

  let closing: Promise<void> | undefined
  const clickstack: Clickstack = {
    flush: () => sdk.flush(),
    shutdown: () =>
      (closing ??= (async () => {
        clearTimeout(warming)
        await sdk.close(config().exitBudget)
        unwatch?.()
        hooks?.remove()
        forgetExceptions?.()
        leave()
        if (global[key] === started) global[key] = running
      })()),
    stats: sdk.stats,
    describe: () => ({
      settings: describer().describeSettings(resolution.get()),
      warnings: resolution.get().warnings,
      taken,
      instrumentation: {
        ...(hooks?.describe() ?? { instrumented: [], unsupported: [] }),
        tooEarly: before?.libraries ?? [],
      },
    }),
  }
  const started = {
    clickstack,
    warnAgain: () => {
      if (isolation !== undefined) return // an app under test may call init() as always
      say(
        "warn",
        "again",
        "init() was called before; this call changes nothing and gives what the first one gave",
      )
    },
  }
  global[key] = started
  return clickstack
}

/** As it is now, whatever the app does with it. On Windows names count in any case, which a copy would not know. */
const environment = () => (process.platform === "win32" ? process.env : { ...process.env })

const contextOf = (config: () => Config, say: Say): InstrumentationContext => ({
  get config() {
    return config()
  },
  say,
  propagation: currentPropagation,
})

/** Puts the SDK behind the globals; `leave` takes it away again. */
function takePlace({ sources, diag }: Sdk, before: Before | undefined, displace: boolean) {
  const { trace, logs, metrics } = sources
  const providers: Partial<Providers> = {
    context: standIns.context,
    propagation: standIns.propagation,
    diag,
    ...(trace === undefined ? {} : { trace: standIns.trace }),
    ...(logs === undefined ? {} : { logs: standIns.logs }),
    ...(metrics === undefined ? {} : { metrics: standIns.metrics }),
  }
  const { taken, displaced, unregister } = registerGlobals(providers, before?.copies, { displace })
  seatBelow(displaced)
  const unseat = seat(sources)
  const leave = () => {
    unseat()
    unregister()
  }
  return { taken, leave }
}

/** A tracer that was first used while we took another SDK's place is ours for good, so it goes on with that SDK. */
function seatBelow({ trace, logs, metrics, context, propagation }: Partial<Providers>): void {
  if (trace === undefined || trace === standIns.trace) return
  const keep = <T>(value: T) => ({ get: () => value, made: () => value })
  seat(
    {
      trace: keep(trace),
      ...(logs === undefined ? {} : { logs: keep(logs) }),
      ...(metrics === undefined ? {} : { metrics: keep(metrics) }),
      ...(context === undefined ? {} : { context: keep(context as AttachingContextManager) }),
      ...(propagation === undefined ? {} : { propagation: keep(propagation) }),
    },
    { below: true },
  )
}
