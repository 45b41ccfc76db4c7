// The group `sampling` of init().
import { type Setting, setting } from "../setting.ts"
import { BadValue, flag, integer, isPlainObject, ratio, type ValueKind } from "../value-kinds.ts"

const example = '{ path: "/health*", ratio: 0 } or { route: "/orders/:id", ratio: 1 }'

const rules: ValueKind = {
  expected: `an array of rules such as ${example}`,
  parse: () => bad(rules.expected),
  check: (value) => {
    if (!Array.isArray(value)) return bad(rules.expected)
    return value.map((rule: unknown, index) => {
      const nth = `rule ${index + 1} of the array`
      if (!isPlainObject(rule)) return bad(`${rules.expected}; ${nth} is none`)
      const unknown = Object.keys(rule).find((name) => !["path", "route", "ratio"].includes(name))
      if (unknown !== undefined) return bad(`${rules.expected}; ${nth} has an unknown "${unknown}"`)
      const { path, route, ratio: share } = rule
      if ((path === undefined) === (route === undefined))
        return bad(`${rules.expected}; ${nth} needs either a path or a route`)
      if (typeof (path ?? route) !== "string" || (path ?? route) === "")
        return bad(`${rules.expected}; ${nth} needs a text`)
      try {
        ratio.check(share)
      } catch {
        return bad(`${rules.expected}; the ratio of ${nth} must be ${ratio.expected}`)
      }
      return Object.freeze({ ...rule })
    })
  },
}

function bad(expected: string): never {
  throw new BadValue(expected)
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
    rules,
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
