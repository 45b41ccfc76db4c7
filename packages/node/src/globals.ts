// Registers our providers where every copy of @opentelemetry/api from 1.4 to 1.10 looks for them, and api-logs too.
//
// All copies share one object, globalThis[Symbol.for("opentelemetry.js.api.1")]. It carries the version of the copy
// that made it, and a copy ignores it when its own minor version is higher. So we put our providers into it
// ourselves, declare the highest version that our providers satisfy, and need no copy of the API to do so. Since 1.10
// logs are there too; before, and still for api-logs, they had a global of their own.
import type {
  ContextManager,
  DiagLogger,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from "@opentelemetry/api"
import type { LoggerProvider } from "@opentelemetry/api-logs"
import type { ApiCopy } from "./api-copies.ts"

/** Our context manager has `attach` and our providers all that 1.10 asks for; a test runs every version against them. */
const satisfiedVersion = "1.10.0"
const apiKey = Symbol.for("opentelemetry.js.api.1")
const logsKey = Symbol.for("io.opentelemetry.js.api.logs")
const logsCompatibility = 1 // the only version of that global so far

export interface Providers {
  trace: TracerProvider
  context: ContextManager
  propagation: TextMapPropagator
  metrics: MeterProvider
  logs: LoggerProvider
  diag: DiagLogger
}

type Api = { version: string } & Partial<Providers>
type GetLogs = (version: number) => LoggerProvider
type Global = { [apiKey]?: Api; [logsKey]?: GetLogs }

export interface Registration {
  /** What another SDK had registered before; it stays with that one. */
  readonly taken: readonly (keyof Providers)[]
  /** What another SDK had registered before, and has again after `unregister`. */
  readonly displaced: Partial<Providers>
  /** Takes back what is still ours. */
  readonly unregister: () => void
}

/** What the API's setGlobalTracerProvider() puts into the global around a provider; `adopt` changes its delegate. */
interface ProxyTracerProvider extends TracerProvider {
  getDelegate?(): TracerProvider
  setDelegate?(provider: TracerProvider): void
}

interface RegisterOptions {
  /** In place of whatever is registered, until `unregister`. */
  readonly displace?: boolean
  readonly target?: object
}

const kinds = ["trace", "context", "propagation", "metrics", "logs", "diag"] as const

/**
 * `early` are the copies that the app loaded before us: tracers and loggers that they handed out already become ours.
 */
export function registerGlobals(
  providers: Partial<Providers>,
  early: readonly ApiCopy[] = [],
  { displace = false, target = globalThis }: RegisterOptions = {},
): Registration {
  const global = target as Global
  const api: Api = (global[apiKey] ??= { version: satisfiedVersion })
  raiseVersion(api)
  const before = displace ? clear(api, global) : {}
  const proxy: ProxyTracerProvider | undefined = before.trace
  const delegate = proxy?.getDelegate?.()
  const taken: (keyof Providers)[] = []
  const ours: (keyof Providers)[] = []
  for (const name of Object.keys(providers) as (keyof Providers)[]) {
    if (name === "logs" && global[logsKey] !== undefined) taken.push(name)
    else if (api[name] !== undefined) {
      if (name !== "diag") taken.push(name) // a logger of the app's own is no conflict
    } else {
      Object.assign(api, { [name]: providers[name] })
      ours.push(name)
    }
  }
  const getLogs = ours.includes("logs") ? logsGlobal(providers.logs!) : undefined
  if (getLogs !== undefined) global[logsKey] = getLogs
  adopt(
    early,
    ours.includes("trace") ? providers.trace : undefined,
    ours.includes("logs") ? providers.logs : undefined,
    global,
  )
  return {
    taken,
    displaced: delegate === undefined ? before : { ...before, trace: delegate },
    unregister: () => {
      for (const name of ours) if (api[name] === providers[name]) delete api[name]
      if (getLogs !== undefined && global[logsKey] === getLogs) delete global[logsKey]
      for (const name of kinds) {
        if (api[name] === undefined && before[name] !== undefined)
          Object.assign(api, { [name]: before[name] })
      }
      if (before.logs !== undefined) global[logsKey] ??= logsGlobal(before.logs)
      if (delegate !== undefined) proxy?.setDelegate?.(delegate)
    },
  }
}

/** Takes everything out of the globals, and gives what was there. */
function clear(api: Api, global: Global): Partial<Providers> {
  const before: Partial<Providers> = {}
  for (const name of kinds) {
    if (api[name] !== undefined) Object.assign(before, { [name]: api[name] })
    delete api[name]
  }
  const logs = global[logsKey]?.(logsCompatibility)
  delete global[logsKey]
  return logs === undefined ? before : { ...before, logs }
}

const logsGlobal =
  (provider: LoggerProvider): GetLogs =>
  (version) =>
    version === logsCompatibility ? provider : silentLogs

const minor = (version: string) => Number(version.split(".")[1])

/** 1.10 makes the version read-only, but then it is high enough. */
function raiseVersion(api: Api): void {
  if (minor(api.version) < minor(satisfiedVersion)) api.version = satisfiedVersion
}

/**
 * A tracer got before anything was registered is a proxy that only its own copy can connect, in
 * setGlobalTracerProvider(). That refuses while the global is taken, so the global steps aside for the call.
 */
function adopt(
  early: readonly ApiCopy[],
  trace: TracerProvider | undefined,
  logs: LoggerProvider | undefined,
  global: Global,
): void {
  const { [apiKey]: api, [logsKey]: getLogs } = global
  for (const copy of early) {
    delete global[apiKey]
    delete global[logsKey]
    try {
      if (trace !== undefined) copy.trace?.setGlobalTracerProvider(trace)
      if (logs !== undefined) copy.logs?.setGlobalLoggerProvider(logs)
    } finally {
      if (api !== undefined) global[apiKey] = api
      if (getLogs === undefined) delete global[logsKey]
      else global[logsKey] = getLogs
    }
  }
}

const silentLogs: LoggerProvider = { getLogger: () => ({ emit: () => undefined, enabled: () => false }) }
