// The configuration as a person may read it: each value with its source, nothing secret.
import { type AppPackage, findAppPackage } from "./app-package.ts"
import type { Config, Resolution } from "./config.ts"
import { settings } from "./settings.ts"
import { signals } from "./signals.ts"
import { printableUrl } from "./endpoints.ts"
import { isPlainObject } from "./setting.ts"

export interface DescribedSetting {
  readonly value: unknown
  /** `code`, `default`, or the environment variables. */
  readonly source: string
}

const secretName =
  /(^|[._-])(pass(word|wd)?|secret|token|api_?-?key|key|auth(orization)?|cookie|credentials?)($|[._-])/i

export function describeSettings({ resolved, config }: Resolution): Record<string, DescribedSetting> {
  const described: Record<string, DescribedSetting> = {}
  for (const { path, secret = false } of settings) {
    const { value, source } = resolved.get(path)!
    described[path] = { value: path === "clickhouseUrl" ? shown(value, false) : shown(value, secret), source }
  }
  // What is made of others is told as it will be used.
  const put = (path: string, value: unknown) =>
    (described[path] = { ...described[path]!, value: shown(value, false) })
  put("endpoint", config.endpoint)
  for (const signal of signals) {
    put(`${signal}.endpoint`, config[signal].endpoint)
    put(`${signal}.protocol`, config[signal].protocol)
    put(`${signal}.destination`, config[signal].destination)
  }
  return described
}

/** The one line at start: what goes where. */
export function startupLine(config: Config, app: AppPackage = findAppPackage()): string {
  const service = config.service ?? app.name ?? "unknown_service:node"
  if (config.disabled) return "disabled, nothing is recorded"
  const targets = new Map<string, string[]>()
  for (const signal of signals) {
    const { exporter, destination, endpoint, protocol } = config[signal]
    const names =
      exporter === "none"
        ? ["off"]
        : destination.map((one) =>
            one === "otlp"
              ? `${new URL(endpoint).origin} (${protocol})`
              : one === "clickhouse"
                ? String(shown(config.clickhouseUrl, false))
                : nameOf(one),
          )
    const target = names.join(" and ")
    targets.set(target, [...(targets.get(target) ?? []), signal])
  }
  const parts = [...targets].map(([target, names]) =>
    target === "off" ? `${names.join(", ")} off` : `${names.join(", ")} to ${target}`,
  )
  return `${service}: ${parts.join("; ")}`
}

function shown(value: unknown, secret: boolean): unknown {
  if (value === undefined || value === null) return undefined
  if (isPlainObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const isDestination = Object.values(value).some((one) => typeof one === "object" && !Array.isArray(one))
    if (isDestination) return nameOf(value)
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, shown(one, secret || secretName.test(name))]),
    )
  }
  if (secret) return "***"
  if (Array.isArray(value)) return value.map((one) => shown(one, false))
  if (typeof value === "function") return "[function]"
  if (value instanceof RegExp) return String(value)
  if (typeof value === "object") return nameOf(value)
  return typeof value === "string" && /[:@]/.test(value) ? printableUrl(value) : value
}

function nameOf(value: object): string {
  const { name } = (value.constructor ?? {}) as { name?: string }
  if (name !== undefined && name !== "Object") return name
  const { spans, logs, metrics } = value as Record<string, object | undefined>
  const exporter = spans ?? logs ?? metrics
  return exporter === undefined ? "[object]" : (exporter.constructor?.name ?? "[object]")
}
