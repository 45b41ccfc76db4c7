// The line that a frame names, and those around it.

export interface SourceLines {
  readonly pre_context: readonly string[]
  readonly context_line: string
  readonly post_context: readonly string[]
}

const around = 5
const longest = 200 // characters; more is kept of no line, since built code can be one line of a megabyte

/** undefined where the text has no such line. */
export function sourceLines(text: string, line: number, column = 1): SourceLines | undefined {
  const first = Math.max(1, line - around)
  let start = 0
  for (let at = 1; at < first; at++) {
    const end = text.indexOf("\n", start)
    if (end < 0) return undefined
    start = end + 1
  }
  const lines: string[] = []
  for (let at = first; at <= line + around && start <= text.length; at++) {
    let end = text.indexOf("\n", start)
    if (end < 0) end = text.length
    lines.push(cut(text, start, end, at === line ? column : 1))
    start = end + 1
  }
  const index = line - first
  const named = lines[index]
  if (named === undefined) return undefined
  const after = lines.slice(index + 1)
  if (start > text.length && after.at(-1) === "") after.pop() // behind the last newline is no line
  return { pre_context: lines.slice(0, index), context_line: named, post_context: after }
}

function cut(text: string, start: number, end: number, column: number): string {
  if (text.charCodeAt(end - 1) === 13) end--
  if (end - start <= longest) return text.slice(start, Math.max(start, end))
  const from = Math.min(Math.max(start, start + column - 1 - longest / 2), end - longest)
  const kept = text.slice(from, from + longest)
  return `${from > start ? "…" : ""}${kept}${from + longest < end ? "…" : ""}`
}
