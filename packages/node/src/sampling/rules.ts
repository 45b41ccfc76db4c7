// Which ratio is whose: the first rule that fits decides. The path of a request is known when its trace begins, the route
// only later, so a rule by route may change what one by path, or the general ratio, had said.
import { pathMatcher } from "../instrumentation/path-matcher.ts"

/** One of `path` and `route`, both with a `*` at the end for any rest. */
export interface SamplingRule {
  readonly path?: string | undefined
  readonly route?: string | undefined
  readonly ratio: number
}

export interface Rules {
  /** When the trace begins; undefined when no rule fits. */
  readonly atStart: (path: unknown) => number | undefined
  /** When the route is known; undefined when no rule by route decides. */
  readonly atEnd: (path: unknown, route: unknown) => number | undefined
  readonly byRoute: boolean
}

export function compileRules(rules: readonly SamplingRule[]): Rules {
  const compiled = rules.map(({ path, route, ratio }) => ({
    ratio,
    isRoute: route !== undefined,
    fits: pathMatcher([(route ?? path)!]),
  }))
  return {
    atStart: (path) => {
      if (typeof path !== "string") return undefined
      for (const { isRoute, fits, ratio } of compiled) if (!isRoute && fits(path)) return ratio
      return undefined
    },
    atEnd: (path, route) => {
      if (typeof route !== "string") return undefined
      for (const { isRoute, fits, ratio } of compiled) {
        if (isRoute) {
          if (fits(route)) return ratio
        } else if (typeof path === "string" && fits(path)) return undefined
      }
      return undefined
    },
    byRoute: compiled.some(({ isRoute }) => isRoute),
  }
}
