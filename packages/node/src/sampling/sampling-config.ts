// What `sampling`, `sampler` and `samplerRatio` say together.
import type { Sampler } from "@opentelemetry/sdk-trace-base"
import { ClickstackError } from "../clickstack-error.ts"
import type { SamplingRule } from "./rules.ts"

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

  const ratio = found("sampling.ratio")
  const older = [named, found("samplerRatio")].reduce((a, b) => (b.tier < a.tier ? b : a))
  const both = ratio.source !== "default" && ratio.tier === older.tier
  if (both && ratio.source === "code") {
    refuse(older === named ? "sampler" : "samplerRatio", 'and "sampling.ratio" say the same; leave one out')
  }
  if (both) warnings.push(`${older.source} is ignored: ${ratio.source} says the same`)
  const byRatio = ratio.source !== "default" && ratio.tier <= older.tier
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
          : ((byRatio ? ratio : found("samplerRatio")).value as number),
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
