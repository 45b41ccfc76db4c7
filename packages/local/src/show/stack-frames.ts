// The frames of `exception.parsed_stacktrace`. Anybody can send that attribute, so nothing in it is believed before it
// was looked at.

interface SourceLine {
  readonly number: number | undefined
  readonly text: string
  /** Whether it is the one that threw or called. */
  readonly current: boolean
}

export interface StackFrame {
  readonly function: string
  readonly place: string
  readonly inApp: boolean
  readonly lines: readonly SourceLine[]
  /** Local variables, where the sender records them. */
  readonly variables: Readonly<Record<string, string>>
}

/** The innermost first; undefined when the text holds none. */
export function readFrames(json: string): StackFrame[] | undefined {
  let frames: unknown
  try {
    frames = (JSON.parse(json) as { frames?: unknown } | null)?.frames
  } catch {
    return undefined
  }
  if (!Array.isArray(frames) || frames.length === 0) return undefined
  return frames
    .filter((one) => typeof one === "object" && one !== null)
    .map(readFrame)
    .toReversed()
}

function readFrame(frame: Readonly<Record<string, unknown>>): StackFrame {
  const line = numberOf(frame["lineno"])
  const before = textsOf(frame["pre_context"])
  const current = textOf(frame["context_line"])
  const numbered = (text: string, offset: number) => ({
    number: line === undefined ? undefined : line + offset,
    text,
    current: offset === 0,
  })
  return {
    function: textOf(frame["function"]) ?? "(anonymous)",
    place: [textOf(frame["filename"]) ?? textOf(frame["module"]) ?? "?", line, numberOf(frame["colno"])]
      .filter((part) => part !== undefined)
      .join(":"),
    inApp: frame["in_app"] === true,
    lines:
      current === undefined
        ? []
        : [
            ...before.map((text, index) => numbered(text, index - before.length)),
            numbered(current, 0),
            ...textsOf(frame["post_context"]).map((text, index) => numbered(text, index + 1)),
          ],
    variables: variablesOf(frame["vars"]),
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const numberOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? (value as number) : undefined

function variablesOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, typeof one === "string" ? one : JSON.stringify(one)]),
  )
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : []
