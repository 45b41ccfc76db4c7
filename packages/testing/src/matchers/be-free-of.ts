// toBeFreeOf: whether secrets are anywhere in what was recorded, as they are, or encoded as URLs and headers do it.
import { TestingError } from "../errors.ts"
import type { MatchResult } from "./match-result.ts"

export type Secrets = string | RegExp | readonly (string | RegExp)[]

const shortest = 4 // letters; what is shorter is everywhere

export function beFreeOf(recorded: unknown, secrets: Secrets): MatchResult {
  const wanted = [secrets].flat() as readonly (string | RegExp)[]
  for (const one of wanted) {
    if (typeof one === "string" ? one.length < shortest : !(one instanceof RegExp)) {
      throw new TestingError(
        "WRONG_VALUE",
        `a secret is text of at least ${shortest} letters, or a regular expression; this is ${JSON.stringify(one)}`,
      )
    }
  }
  const forms = wanted.map(formsOf)
  const hide = (path: string) =>
    forms.flat().reduce((hidden, { pattern }) => hidden.replaceAll(pattern, "***"), path)
  const found: string[] = []
  walk(partsOf(recorded), "", (text, path) => {
    for (const [index, ofSecret] of forms.entries()) {
      const form = ofSecret.find(({ pattern }) => text.search(pattern) >= 0)
      // The message goes into logs, so it must not tell the secret.
      if (form !== undefined) found.push(`secret ${index + 1}${form.how} in ${hide(path)}`)
    }
  })
  return {
    pass: found.length === 0,
    message: () =>
      found.length === 0
        ? "none of the secrets is in what was recorded, which was not expected"
        : `secrets were recorded:\n${found.map((line) => `  ${line}`).join("\n")}`,
  }
}

interface Form {
  readonly how: string
  readonly pattern: RegExp
}

function formsOf(secret: string | RegExp): Form[] {
  if (secret instanceof RegExp) {
    return [{ how: "", pattern: new RegExp(secret.source, `${secret.flags.replaceAll(/[gy]/g, "")}g`) }]
  }
  const base64 = Buffer.from(secret).toString("base64").replaceAll("=", "")
  const forms: [string, string][] = [
    ["", secret],
    [" (URL-encoded)", encodeURIComponent(secret)],
    [" (as base64)", base64],
    [" (as base64url)", base64.replaceAll("+", "-").replaceAll("/", "_")],
    [" (as hex)", Buffer.from(secret).toString("hex")],
    [" (as JSON)", JSON.stringify(secret).slice(1, -1)],
  ]
  return forms.map(([how, form]) => ({
    how,
    pattern: new RegExp(form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), "g"),
  }))
}

function partsOf(recorded: unknown): unknown {
  if (typeof recorded !== "object" || recorded === null) return recorded
  if (!("traces" in recorded)) return recorded
  const { spans, logs, metrics, stdout, stderr } = recorded as Record<string, unknown>
  return { spans, logs, metrics, ...(stdout === undefined ? {} : { stdout, stderr }) }
}

type Visit = (text: string, path: string) => void

function walk(value: unknown, path: string, visit: Visit, seen = new Set<object>()): void {
  if (typeof value === "string") visit(value, path)
  else if (typeof value === "number" || typeof value === "bigint") visit(String(value), path)
  else if (value instanceof Uint8Array) visit(Buffer.from(value).toString("latin1"), path)
  else if (typeof value === "object" && value !== null && !seen.has(value)) {
    seen.add(value)
    for (const [key, inner] of Object.entries(value)) {
      const name =
        path === ""
          ? key
          : Array.isArray(value)
            ? `${path}[${key}]`
            : /^[\w$]+$/.test(key)
              ? `${path}.${key}`
              : `${path}["${key}"]`
      if (!Array.isArray(value)) visit(key, `the name of ${name}`)
      walk(inner, name, visit, seen)
    }
  }
}
