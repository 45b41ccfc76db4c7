// What a start decides, before anything is recorded. To read the table of settings takes a third of a start, so where the
// environment holds nothing that changes these decisions they are the defaults', and the configuration is made when it is
// first needed: with the first span, log or measurement, or when the SDK warms up. Its warnings come then, too.
import type { Config } from "./config.ts"
import { doRejectionsPass } from "./exceptions/watch-crashes.ts"
import type { InstrumentationName } from "./instrumentation/row.ts"
import { table } from "./instrumentation/table.ts"
import { members, type Signal, signals } from "./signals.ts"

export interface AtStart extends Pick<
  Config,
  "disabled" | "rejectionsPass" | "startupLine" | "stopOnSignals"
> {
  readonly instrumentations: ReadonlySet<InstrumentationName>
  /** Those that go anywhere. */
  readonly signals: ReadonlySet<Signal>
  readonly exceptions: boolean
  readonly localVariables: boolean
}

const ours = /^(CLICKSTACK|OTEL|HYPERDX|HDX)_/i
/** About what is sent, and where to. */
const changesNothing =
  /^(OTEL_(EXPORTER_OTLP_\w+|SERVICE_NAME|RESOURCE_ATTRIBUTES|PROPAGATORS|TRACES_SAMPLER|TRACES_SAMPLER_ARG)|CLICKSTACK_(SERVICE|SERVICE_VERSION|ENVIRONMENT|RESOURCE_ATTRIBUTES|ENDPOINT|API_KEY|API_KEY_SCHEME|CLICKHOUSE_URL|SPOOL|EXIT_BUDGET)|HYPERDX_API_KEY)$/
const silent = /^\s*(none|error|warn)\s*$/i // of the levels, those without a line at start

/** undefined when only the configuration can tell. */
export function plainStart(env: NodeJS.ProcessEnv): AtStart | undefined {
  for (const name of Object.keys(env)) {
    if (!ours.test(name) || changesNothing.test(name)) continue
    if (name !== "OTEL_LOG_LEVEL" || !silent.test(env[name]!)) return undefined
  }
  return {
    disabled: false,
    rejectionsPass: doRejectionsPass(process.execArgv, env["NODE_OPTIONS"]),
    startupLine: undefined,
    stopOnSignals: true,
    instrumentations: new Set(table.filter(({ off }) => off !== true).map(({ name }) => name)),
    signals: new Set(signals),
    exceptions: true,
    localVariables: false,
  }
}

export function startOf(config: Config): AtStart {
  const { capture, disabled, instrumentation, logLevel, rejectionsPass, startupLine, stopOnSignals } = config
  const isOn = (signal: Signal) => {
    const { exporter, destination } = config[signal]
    const taken = destination.some((one) => typeof one === "string" || one[members[signal]] !== undefined)
    return taken && exporter !== "none" && !disabled
  }
  return {
    disabled,
    rejectionsPass,
    startupLine: startupLine ?? (isInfo(logLevel) ? true : undefined),
    stopOnSignals,
    instrumentations: disabled ? new Set() : instrumentation.on,
    signals: new Set(signals.filter(isOn)),
    exceptions: capture.exceptions,
    localVariables: capture.localVariables,
  }
}

const isInfo = (level: string) => ["info", "debug", "verbose", "all"].includes(level)
