// Draws spans as an indented tree, one line each: name, kind unless internal, HTTP status code, error, then attributes.
//
//     GET /orders/:id  server  200
//       SELECT shop  client  db.system.name=postgresql
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

const kinds = ["internal", "server", "client", "producer", "consumer"] as const
const error = 2

/** Those named of `attributes` are drawn with every span that has them; siblings stand in the order they began. */
export function drawTraces(spans: readonly ReadableSpan[], attributes: readonly string[]): string {
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const inOrder = spans.toSorted(byStart)
  const lines: string[] = []
  const draw = (parent: string | undefined, depth: number): void => {
    for (const span of inOrder) {
      const id = span.parentSpanContext?.spanId
      if ((id !== undefined && ids.has(id) ? id : undefined) !== parent) continue
      lines.push(`${"  ".repeat(depth)}${line(span, attributes)}`)
      draw(span.spanContext().spanId, depth + 1)
    }
  }
  draw(undefined, 0)
  return lines.join("\n")
}

function line(span: ReadableSpan, attributes: readonly string[]): string {
  const parts = [span.name]
  const kind = kinds[span.kind]
  if (kind !== undefined && kind !== "internal") parts.push(kind)
  const status = span.attributes["http.response.status_code"]
  if (status !== undefined) parts.push(String(status))
  const code: number = span.status.code
  if (code === error) parts.push("error")
  for (const name of attributes) {
    const value = span.attributes[name]
    if (value !== undefined) parts.push(`${name}=${spell(value)}`)
  }
  return parts.join("  ")
}

function byStart(a: ReadableSpan, b: ReadableSpan): number {
  return a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]
}

/** The attributes that an expected tree names: on every span they must be as it says, or absent where it says none. */
export function attributesNamed(tree: string): string[] {
  return [...new Set([...tree.matchAll(/ {2}([a-z][\w.-]*)=/g)].map(([, name = ""]) => name))]
}

const spell = (value: unknown) =>
  typeof value === "string" && !/ {2}|[\n\r\t]/.test(value) ? value : JSON.stringify(value)
