// The object that init() is given, read against the table of settings: what is unknown or wrong is told, all at once.
import { ClickstackError } from "./clickstack-error.ts"
import { configFrom, type Resolution } from "./config.ts"
import { nearest } from "./nearest.ts"
import type { Options } from "./options.ts"
import { settings } from "./settings.ts"
import { signals } from "./signals.ts"
import { BadValue, isPlainObject, printable } from "./setting.ts"

/** What may stand in the place of a group's object, and which setting it is then. */
interface Group {
  readonly also?: string
  readonly short?: (value: unknown) => readonly [path: string, value: unknown] | undefined
}

const onOrOff = (path: string, on: unknown, off: unknown): Group => ({
  also: ", or false",
  short: (value) => (typeof value === "boolean" ? [path, value ? on : off] : undefined),
})
const groups: ReadonlyMap<string, Group> = new Map<string, Group>([
  ...signals.map((signal) => [signal, onOrOff(`${signal}.exporter`, "otlp", "none")] as const),
  ["limits", {}],
  ["instrumentation", onOrOff("instrumentation.all", true, false)],
  ["capture", {}],
  ["sampling", {}],
  ["sampling.keep", {}],
  [
    "redact",
    {
      also: ", a function, or false",
      short: (value) =>
        typeof value === "function"
          ? ["redact.decide", value]
          : onOrOff("redact.enabled", true, false).short?.(value),
    },
  ],
])

/** @throws ClickstackError CONFIG_INVALID, naming every wrong option, its value and the fix. */
export const resolveConfig = (options: Options = {}, env: NodeJS.ProcessEnv = process.env): Resolution =>
  configFrom(readOptions(options), env)

/** Every option that is set, by path. Throws one error for all that is wrong. */
export function readOptions(options: unknown): Map<string, unknown> {
  const values = new Map<string, unknown>()
  const problems: string[] = []
  const known = new Map(settings.map((setting) => [setting.path, setting]))

  const walk = (object: Record<string, unknown>, prefix: string) => {
    const names = [...known.keys(), ...groups.keys()]
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("."))
      .map((path) => path.slice(prefix.length))
    for (const [name, value] of Object.entries(object)) {
      const path = prefix + name
      if (value === undefined) continue
      const group = groups.get(path)
      if (group !== undefined) {
        const short = group.short?.(value)
        if (isPlainObject(value)) walk(value, `${path}.`)
        else if (short !== undefined) values.set(...short)
        else problems.push(`option "${path}" must be an object of options${group.also ?? ""}`)
        continue
      }
      const setting = known.get(path)
      if (setting === undefined) {
        const meant = nearest(name, names)
        const elsewhere = [...known.keys()].find((other) => other.endsWith(`.${name}`))
        const hint =
          meant === undefined
            ? elsewhere === undefined
              ? `known are ${names.join(", ")}`
              : `it belongs into ${elsewhere.slice(0, -name.length - 1)}`
            : `did you mean "${prefix}${meant}"?`
        problems.push(`unknown option "${path}"; ${hint}`)
        continue
      }
      try {
        values.set(path, setting.kind.check(value))
      } catch (error) {
        if (!(error instanceof BadValue)) throw error
        problems.push(`option "${path}" is ${printable(setting, value)}; it must be ${error.message}`)
      }
    }
  }

  if (isPlainObject(options)) walk(options, "")
  else
    problems.push(
      `init() takes an object of options, not ${process.getBuiltinModule("node:util").inspect(options)}`,
    )
  if (problems.length > 0) throw new ClickstackError("CONFIG_INVALID", `clickstack: ${problems.join("\n  ")}`)
  return values
}
