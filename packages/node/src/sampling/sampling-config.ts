// The group `sampling` of init(), and what it says together with `sampler` and `samplerRatio`.
import type { Sampler } from "@opentelemetry/sdk-trace-base"
import { ClickstackError } from "../clickstack-error.ts"
import {
  bad,
  flag,
  integer,
  isPlainObject,
  ratio,
  type Setting,
  setting,
  type ValueKind,
} from "../setting.ts"
import type { SamplingRule } from "./rules.ts"

const example = '{ path: "/health*", ratio: 0 } or { route: "/orders/:id", ratio: 1 }'

const ruleList: ValueKind = {
  expected: `an array of rules such as ${example}`,
  parse: () => bad(ruleList.expected),
  check: (value) => {
    if (!Array.isArray(value)) return bad(ruleList.expected)
    return value.map((rule: unknown, index) => {
      const nth = `rule ${index + 1} of the array`
      if (!isPlainObject(rule)) return bad(`${ruleList.expected}; ${nth} is none`)
      const unknown = Object.keys(rule).find((name) => !["path", "route", "ratio"].includes(name))
      if (unknown !== undefined) return bad(`${ruleList.expected}; ${nth} has an unknown "${unknown}"`)
      const { path, route, ratio: share } = rule
      if ((path === undefined) === (route === undefined))
        return bad(`${ruleList.expected}; ${nth} needs either a path or a route`)
      if (typeof (path ?? route) !== "string" || (path ?? route) === "")
        return bad(`${ruleList.expected}; ${nth} needs a text`)
      try {
        ratio.check(share)
      } catch {
        return bad(`${ruleList.expected}; the ratio of ${nth} must be ${ratio.expected}`)
      }
      return Object.freeze({ ...rule })
    })
  },
}

export const samplingSettings: readonly Setting[] = [
  setting(
    "sampling.ratio",
    ratio,
    undefined,
    "The share of the traces that begin here; those that began elsewhere are decided there. Decided by trace id, as OpenTelemetry's `ot=th:` says, so that all services and collectors agree.",
    { fallbackText: "what `sampler` says" },
  ),
  setting(
    "sampling.perSecond",
    integer("traces", 1),
    undefined,
    "About how many of them a process keeps in a second: the ratio is lowered while there are more.",
    { fallbackText: "no limit" },
  ),
  setting(
    "sampling.rules",
    ruleList,
    [],
    "Ratios of their own: by path when a trace begins, by route when its request ends. The first that fits decides.",
    { codeOnly: true },
  ),
  setting(
    "sampling.keep.errors",
    flag,
    false,
    "Whether a trace with an error here is kept whole, whatever the ratio says.",
  ),
  setting(
    "sampling.keep.slowerThan",
    integer("milliseconds", 1),
    undefined,
    "Whether a trace that takes longer than so many ms here is kept whole.",
    { fallbackText: "no trace" },
  ),
]

export interface KeepConfig {
  readonly errors: boolean
  /** Milliseconds. */
  readonly slowerThan: number | undefined
}

export interface SamplingConfig {
  /** Of the traces that begin here. */
  readonly ratio: number
  /** Whether a trace that began elsewhere is decided there. */
  readonly followsParent: boolean
  readonly perSecond: number | undefined
  readonly rules: readonly SamplingRule[]
  readonly keep: KeepConfig | undefined
  /** Decides in the place of the ratio. */
  readonly sampler: Sampler | undefined
  /** Nothing but the parent's flag decides, or always the same, as OpenTelemetry's own samplers do. */
  readonly plain: "always_on" | "always_off" | undefined
}

interface Found {
  readonly value: unknown
  readonly source: string
  readonly tier: number
}

/** @throws ClickstackError CONFIG_INVALID when the code says the same thing twice. */
export function samplingOf(resolved: ReadonlyMap<string, Found>, warnings: string[]): SamplingConfig {
  const found = (path: string) => resolved.get(path)!
  const named = found("sampler")
  const own = typeof named.value === "string" ? undefined : (named.value as Sampler)
  const set = (name: string) => found(`sampling.${name}`).source !== "default"
  const errors = found("sampling.keep.errors").value as boolean
  const slowerThan = found("sampling.keep.slowerThan").value as number | undefined
  const keep = errors || slowerThan !== undefined ? { errors, slowerThan } : undefined
  if (own !== undefined) {
    const others = ["ratio", "perSecond", "rules"].filter(set)
    for (const name of others) {
      const path = `sampling.${name}`
      if (found(path).source === "code")
        refuse(path, "and a sampler of your own cannot both decide; leave one out")
      warnings.push(`${found(path).source} is ignored: a sampler of the app's own decides`)
    }
    return { ...nothing, keep, sampler: own }
  }

  const share = found("sampling.ratio")
  const older = [named, found("samplerRatio")].reduce((a, b) => (b.tier < a.tier ? b : a))
  const both = share.source !== "default" && share.tier === older.tier
  if (both && share.source === "code") {
    refuse(older === named ? "sampler" : "samplerRatio", 'and "sampling.ratio" say the same; leave one out')
  }
  if (both) warnings.push(`${older.source} is ignored: ${share.source} says the same`)
  const byRatio = share.source !== "default" && share.tier <= older.tier
  const name = byRatio ? "parentbased_traceidratio" : (named.value as string)
  const kind = name.replace("parentbased_", "")
  const perSecond = found("sampling.perSecond").value as number | undefined
  const rules = found("sampling.rules").value as readonly SamplingRule[]
  const isAlways = kind === "always_on" || kind === "always_off"
  return {
    ratio:
      kind === "always_on"
        ? 1
        : kind === "always_off"
          ? 0
          : ((byRatio ? share : found("samplerRatio")).value as number),
    followsParent: name !== kind,
    perSecond,
    rules,
    keep,
    sampler: undefined,
    plain: isAlways && perSecond === undefined && rules.length === 0 ? kind : undefined,
  }
}

const nothing: SamplingConfig = {
  ratio: 1,
  followsParent: true,
  perSecond: undefined,
  rules: [],
  keep: undefined,
  sampler: undefined,
  plain: undefined,
}

function refuse(path: string, why: string): never {
  throw new ClickstackError("CONFIG_INVALID", `clickstack: option "${path}" ${why}`)
}
