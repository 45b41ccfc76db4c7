// Options and environment become one frozen value here, and nowhere else: no other file reads the environment.
// Code wins over CLICKSTACK_*, that over OTEL_*, that over HYPERDX_* and HDX_*, that over NODE_ENV and the defaults.
// A wrong option throws, a wrong variable is one warning and counts as not set.
import { path as paths } from "./builtins.ts"
import type { TextMapPropagator } from "@opentelemetry/api"
import type { ResourceDetector } from "@opentelemetry/resources"
import { endpointsOf } from "./endpoints.ts"
import { doRejectionsPass } from "./exceptions/watch-crashes.ts"
import { type InstrumentationConfig, switchesOf } from "./instrumentation/switches.ts"
import { nearest } from "./nearest.ts"
import type { AttributeValue, Compression, Destination, LogLevel, Protocol } from "./options.ts"
import { type SamplingConfig, samplingOf } from "./sampling/sampling-config.ts"
import { type CaptureConfig, captureOf, type RedactConfig } from "./privacy-config.ts"
import { BadValue, isPlainObject, printable, type Setting } from "./setting.ts"
import { settings } from "./settings.ts"
import { type Signal, signals } from "./signals.ts"

/** One OTLP signal's way out. */
export interface ConnectionConfig {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** False when the endpoint is of another origin than the base endpoint, to which alone the key belongs. */
  readonly sendsApiKey: boolean
  readonly protocol: Protocol
  readonly compression: Compression
  readonly timeout: number
  readonly certificate: string | undefined
  readonly clientCertificate: string | undefined
  readonly clientKey: string | undefined
  readonly insecure: boolean
}

export type DestinationConfig = "otlp" | "clickhouse" | Destination

interface SignalConfig extends ConnectionConfig {
  readonly exporter: "otlp" | "none"
  readonly destination: readonly DestinationConfig[]
  readonly exportTimeout: number
}

interface QueuedSignalConfig extends SignalConfig {
  readonly queueSize: number | undefined
  readonly batchSize: number | undefined
  readonly delay: number
}

interface LogsConfig extends QueuedSignalConfig {
  /** Into the app's own lines. */
  readonly injectTraceIds: boolean
}

export interface MetricsConfig extends SignalConfig {
  readonly interval: number
  readonly temporality: "cumulative" | "delta" | "lowmemory"
  readonly histogram: "explicit_bucket_histogram" | "base2_exponential_bucket_histogram"
}

export interface Config {
  readonly service: string | undefined
  readonly serviceVersion: string | undefined
  readonly environment: string | undefined
  readonly resourceAttributes: Readonly<Record<string, AttributeValue>>
  /** What the environment says about the Kubernetes pod. */
  readonly kubernetes: Readonly<Record<string, string>> | undefined
  readonly detectors: readonly ResourceDetector[]
  readonly endpoint: string
  readonly apiKey: string | (() => string | Promise<string>) | undefined
  readonly apiKeyScheme: "raw" | "bearer"
  readonly clickhouseUrl: string | undefined
  readonly delivery: boolean
  readonly spool: boolean | string
  readonly spoolBytes: number
  readonly spoolAge: number
  /** Where the spool is when no directory is given; undefined when the user has no place for state. */
  readonly stateDirectory: string | undefined
  readonly queueBytes: number
  readonly propagators: readonly ("tracecontext" | "baggage" | "none" | TextMapPropagator)[]
  readonly propagateTo: readonly string[]
  readonly traceparentTo: readonly string[]
  readonly trustIncoming: boolean
  readonly sessionHeader: string
  readonly baggageAttributes: readonly string[]
  readonly serverTiming: boolean
  readonly exitBudget: number
  readonly stopOnSignals: boolean
  readonly logLevel: LogLevel
  readonly startupLine: boolean | undefined
  readonly disabled: boolean
  readonly traces: QueuedSignalConfig
  readonly logs: LogsConfig
  readonly metrics: MetricsConfig
  readonly limits: {
    readonly spanAttributes: number
    readonly spanAttributeLength: number | undefined
    readonly spanEvents: number
    readonly spanLinks: number
    readonly eventAttributes: number
    readonly linkAttributes: number
    readonly logAttributes: number
    readonly logAttributeLength: number | undefined
    readonly valueBytes: number
    readonly recordBytes: number
  }
  readonly instrumentation: InstrumentationConfig
  readonly capture: CaptureConfig
  readonly redact: RedactConfig
  readonly sampling: SamplingConfig
  /** Rejections that nobody listens to neither end this process nor change what it does: Node's own option. */
  readonly rejectionsPass: boolean
}

/** Lower wins. */
const tiers = { code: 0, clickstack: 1, otel: 2, legacy: 3, host: 4, fallback: 5 } as const

/** A value and where it is from: `code`, `default`, or the name of a variable. */
export interface Resolved {
  readonly value: unknown
  readonly source: string
  readonly tier: number
  /** False when it comes from the setting for all signals. */
  readonly own: boolean
  /** Of a merged setting: where each name is from. */
  readonly sources?: Readonly<Record<string, string>>
}

export interface Resolution {
  readonly config: Config
  readonly resolved: ReadonlyMap<string, Resolved>
  /** One line each, about variables that are ignored and combinations that cannot be meant. */
  readonly warnings: readonly string[]
}

type Candidate = Omit<Resolved, "own">

/**
 * `code` are the options that were given, as `readOptions` has read them; `findHome` is asked where `env` has no HOME.
 * @throws ClickstackError CONFIG_INVALID for options that contradict each other.
 */
export function configFrom(
  code: ReadonlyMap<string, unknown>,
  env: NodeJS.ProcessEnv = process.env,
  findHome: () => string | undefined = () => undefined,
): Resolution {
  const warnings: string[] = []
  const candidates = candidatesFrom(code, env, warnings)
  const resolved = new Map<string, Resolved>()
  for (const setting of settings) resolved.set(setting.path, resolve(setting, candidates))
  const config: Record<string, unknown> = {}
  for (const [path, { value }] of resolved) place(config, path, value)
  Object.assign(config, endpointsOf(resolved, warnings), {
    kubernetes: kubernetesFrom(env),
    stateDirectory: stateDirectory(env, findHome),
    instrumentation: switchesOf(resolved, env, warnings),
    capture: captureOf(resolved),
    sampling: samplingOf(resolved, warnings),
    rejectionsPass: doRejectionsPass(process.execArgv, env["NODE_OPTIONS"]),
  })
  for (const signal of signals) {
    const own = config[signal] as Record<string, unknown>
    own["destination"] = destinationsOf(signal, resolved)
  }
  return { config: freeze(config) as unknown as Config, resolved, warnings }
}

function candidatesFrom(
  code: ReadonlyMap<string, unknown>,
  env: NodeJS.ProcessEnv,
  warnings: string[],
): Map<string, Candidate[]> {
  const candidates = new Map<string, Candidate[]>()
  const warned = new Set<string>()
  for (const setting of settings) {
    const found: Candidate[] = []
    if (code.has(setting.path))
      found.push({ value: code.get(setting.path), source: "code", tier: tiers.code })
    for (const variable of setting.variables) {
      const given = env[variable]?.trim()
      if (given === undefined || given === "") continue
      try {
        found.push({ value: setting.kind.parse(given), source: variable, tier: tierOf(variable) })
      } catch (error) {
        if (!(error instanceof BadValue)) throw error
        if (warned.has(variable)) continue
        warned.add(variable)
        warnings.push(`${variable}=${printable(setting, given)} is ignored: it must be ${error.message}`)
      }
    }
    candidates.set(setting.path, found)
  }
  warnOfUnknown(env, warnings)
  return candidates
}

function tierOf(variable: string): number {
  if (variable.startsWith("CLICKSTACK_")) return tiers.clickstack
  if (variable.startsWith("OTEL_")) return tiers.otel
  return /^(HYPERDX|HDX)_/.test(variable) ? tiers.legacy : tiers.host
}

function warnOfUnknown(env: NodeJS.ProcessEnv, warnings: string[]): void {
  const known = new Set(settings.flatMap((setting) => setting.variables))
  const ours = [...known].filter((name) => name.startsWith("CLICKSTACK_"))
  for (const name of Object.keys(env)) {
    if (!name.startsWith("CLICKSTACK_") || known.has(name)) continue
    const meant = nearest(
      name.slice("CLICKSTACK_".length),
      ours.map((one) => one.slice("CLICKSTACK_".length)),
    )
    if (meant !== undefined) warnings.push(`${name} is not known; did you mean CLICKSTACK_${meant}?`)
  }
}

function resolve(setting: Setting, candidates: Map<string, Candidate[]>): Resolved {
  const found: Resolved[] = []
  for (const one of candidates.get(setting.path) ?? []) found.push({ ...one, own: true })
  for (const one of candidates.get(setting.general ?? "") ?? []) found.push({ ...one, own: false })
  // A stable sort: within a tier what is said for one signal comes before what is said for all.
  const all = found.toSorted((a, b) => a.tier - b.tier)
  if (setting.merged) return merge(setting, all)
  if (setting.attribute !== undefined) {
    const attribute = attributeCandidate(setting.attribute, candidates)
    if (attribute !== undefined && (all[0] === undefined || attribute.tier < all[0].tier)) return attribute
  }
  return all[0] ?? { value: setting.fallback, source: "default", tier: tiers.fallback, own: false }
}

function attributeCandidate(name: string, candidates: Map<string, Candidate[]>): Resolved | undefined {
  for (const { value, source, tier } of candidates.get("resourceAttributes") ?? []) {
    const found = (value as Record<string, string | number | boolean | undefined>)[name]
    if (found !== undefined) return { value: String(found), source: `${source} (${name})`, tier, own: true }
  }
  return undefined
}

/** All sources together; for a name that several give, the first wins. Header names match in any case. */
function merge(setting: Setting, all: Resolved[]): Resolved {
  const isHeaders = setting.path.endsWith("headers")
  const value: Record<string, unknown> = {}
  const sources: Record<string, string> = {}
  for (const { value: given, source } of all) {
    for (const [name, content] of Object.entries(given as Record<string, unknown>)) {
      const key = isHeaders ? name.toLowerCase() : name
      if (content === undefined || key in value) continue
      value[key] = content
      sources[key] = source
    }
  }
  const first = all[0]
  return {
    value,
    sources,
    source: [...new Set(all.map(({ source }) => source))].join(", ") || "default",
    tier: first?.tier ?? tiers.fallback,
    own: first?.own ?? false,
  }
}

/** Where a signal goes. Of OTLP and ClickHouse the one named by the stronger source; both when named by equal ones. */
function destinationsOf(
  signal: Signal,
  resolved: ReadonlyMap<string, Resolved>,
): readonly DestinationConfig[] {
  for (const path of [`${signal}.destination`, "destination"]) {
    const given = resolved.get(path)?.value as readonly DestinationConfig[] | undefined
    if (given !== undefined) return given
  }
  const tier = (path: string) => resolved.get(path)!.tier
  const otlp = Math.min(tier("endpoint"), tier(`${signal}.endpoint`))
  const clickhouse = tier("clickhouseUrl")
  if (clickhouse === tiers.fallback) return ["otlp"]
  if (clickhouse === otlp) return ["otlp", "clickhouse"]
  return clickhouse < otlp ? ["clickhouse"] : ["otlp"]
}

/** What the downward API usually puts into a pod's environment. Names without K8S_ count only inside Kubernetes. */
export const kubernetesVariables: Readonly<Record<string, readonly string[]>> = {
  "k8s.pod.name": ["K8S_POD_NAME", "POD_NAME", "HOSTNAME"],
  "k8s.pod.uid": ["K8S_POD_UID", "POD_UID"],
  "k8s.namespace.name": ["K8S_NAMESPACE_NAME", "K8S_NAMESPACE", "POD_NAMESPACE"],
  "k8s.node.name": ["K8S_NODE_NAME", "NODE_NAME"],
  "k8s.deployment.name": ["K8S_DEPLOYMENT_NAME", "DEPLOYMENT_NAME"],
  "k8s.container.name": ["K8S_CONTAINER_NAME", "CONTAINER_NAME"],
  "k8s.cluster.name": ["K8S_CLUSTER_NAME", "CLUSTER_NAME"],
}

function kubernetesFrom(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  if (!env["KUBERNETES_SERVICE_HOST"]) return undefined
  const found: Record<string, string> = {}
  for (const [attribute, variables] of Object.entries(kubernetesVariables)) {
    const value = variables.map((name) => env[name]).find(Boolean)
    if (value !== undefined) found[attribute] = value
  }
  return found
}

/** Where programs keep what they need again after a restart. */
export function stateDirectory(
  env: NodeJS.ProcessEnv = process.env,
  findHome: () => string | undefined = homeOfUser,
): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home = findHome(), LOCALAPPDATA: local } = env
  const base =
    process.platform === "win32"
      ? local
      : state !== undefined && paths.isAbsolute(state)
        ? state
        : home &&
          paths.join(home, process.platform === "darwin" ? "Library/Application Support" : ".local/state")
  return base && paths.isAbsolute(base) ? paths.join(base, "clickstack") : undefined
}

/** Services of a system are often started without HOME: then as the system knows the user. */
export function homeOfUser(): string | undefined {
  try {
    return process.getBuiltinModule("node:os").homedir()
  } catch {
    return undefined // no such user, as in many containers
  }
}

function place(target: Record<string, unknown>, path: string, value: unknown): void {
  const [group, name] = path.split(".") as [string, string | undefined]
  if (name === undefined) target[group] = value
  else ((target[group] ??= {}) as Record<string, unknown>)[name] = value
}

/** Freezes what we made; exporters, samplers and the like are the user's and stay as they are. */
function freeze(config: Record<string, unknown>): Record<string, unknown> {
  for (const value of Object.values(config)) {
    if (!isPlainObject(value) || Object.getPrototypeOf(value) !== Object.prototype) continue
    Object.freeze(value["headers"])
    Object.freeze(value)
  }
  return Object.freeze(config)
}
