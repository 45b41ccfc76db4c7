// Which instrumentations are on: by name in code or in CLICKSTACK_INSTRUMENTATION_NAME, by upstream's two lists, by
// `all`, and by what the table says, in this order.
import { nearest } from "../nearest.ts"
import type { InstrumentationName } from "./row.ts"
import { table } from "./table.ts"

export interface InstrumentationConfig {
  readonly on: ReadonlySet<InstrumentationName>
  readonly ignorePaths: readonly string[]
  readonly ignoreRoutes: readonly string[]
  readonly clickhouseQueryText: boolean
  readonly clickhouseLogComment: boolean
}

type Resolved = ReadonlyMap<string, { readonly value: unknown; readonly source: string }>

export function switchesOf(
  resolved: Resolved,
  env: NodeJS.ProcessEnv,
  warnings: string[],
): InstrumentationConfig {
  const value = (name: string) => resolved.get(`instrumentation.${name}`)!
  const enabled = namesIn("OTEL_NODE_ENABLED_INSTRUMENTATIONS", env, warnings)
  const disabled = namesIn("OTEL_NODE_DISABLED_INSTRUMENTATIONS", env, warnings)
  const all = value("all")
  const on = table.filter(({ name, off = false }) => {
    const own = value(name)
    if (own.source !== "default") return own.value === true
    if (all.value === false) return false
    if (disabled?.has(name)) return false
    return enabled === undefined ? !off : enabled.has(name)
  })
  return {
    on: new Set(on.map(({ name }) => name)),
    ignorePaths: value("ignorePaths").value as readonly string[],
    ignoreRoutes: value("ignoreRoutes").value as readonly string[],
    clickhouseQueryText: value("clickhouseQueryText").value as boolean,
    clickhouseLogComment: value("clickhouseLogComment").value as boolean,
  }
}

/** Upstream's names of those that are in its set and not in ours: nobody mistyped them. */
const notOurs = new Set([
  "aws-lambda",
  "connect",
  "cucumber",
  "dataloader",
  "generic-pool",
  "lru-memoizer",
  "mysql",
  "oracledb",
  "restify",
  "router",
])

function namesIn(
  variable: string,
  env: NodeJS.ProcessEnv,
  warnings: string[],
): ReadonlySet<InstrumentationName> | undefined {
  const given = env[variable]?.trim()
  if (given === undefined || given === "") return undefined
  const known = new Map(
    table.flatMap((row) => [[row.name as string, row.name] as const, [row.otel ?? row.name, row.name]]),
  )
  const names = new Set<InstrumentationName>()
  for (const one of given
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean)) {
    const name = known.get(one)
    if (name !== undefined) names.add(name)
    else if (!notOurs.has(one)) {
      const meant = nearest(one, known.keys())
      warnings.push(
        `${variable} names "${one}", which is not known${meant === undefined ? "" : `; did you mean "${meant}"?`}`,
      )
    }
  }
  return names
}
