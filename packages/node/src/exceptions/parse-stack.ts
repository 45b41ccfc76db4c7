// Reads a stack as V8 writes it, also with the frames of source maps, of eval and of WebAssembly. Only the text is read:
// Error.prepareStackTrace is the app's. What it says is not believed: anybody can write such a text.

export interface StackFrame {
  readonly function: string | undefined
  /** A path or URL as the stack has it; undefined for what has no place, such as Promise.all. */
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
}

const mostFrames = 50
const longestLine = 2000

/** Innermost first. `message` can have lines that look like frames, which are none. */
export function parseStack(stack: string, message: string): StackFrame[] {
  const frames: StackFrame[] = []
  const at = message === "" ? -1 : stack.indexOf(message)
  for (const line of stack.slice(at < 0 ? 0 : at + message.length).split("\n", mostFrames * 10)) {
    const frame = line.length > longestLine ? undefined : parseLine(line)
    if (frame !== undefined) {
      frames.push(frame)
      if (frames.length === mostFrames) break
    } else if (frames.length > 0 && line.length <= longestLine) break // of a cause, which other libraries append
  }
  return frames
}

export function parseLine(line: string): StackFrame | undefined {
  const match = /^\s+at (?:async )?(\S.*)$/.exec(line)
  if (match === null) return undefined
  const text = match[1]!.trimEnd()
  if (!text.endsWith(")")) return { function: undefined, ...parsePlace(text) }
  const open = text.indexOf(" (")
  if (open <= 0) return { function: undefined, ...parsePlace(text) }
  const inside = text.slice(open + 2, -1)
  return { function: nameOf(text.slice(0, open)), ...parsePlace(inside) }
}

const nameOf = (text: string) => {
  const name = text.replace(/ \[as [^\]]*\]$/, "")
  return name === "" || name === "<anonymous>" ? undefined : name
}

const nowhere = { file: undefined, line: undefined, column: undefined }

function parsePlace(text: string): Omit<StackFrame, "function"> {
  // eval at outer (/app/a.js:1:2), <anonymous>:3:4: the place that has a file is the one that called eval.
  if (text.startsWith("eval at ")) {
    const [, place] = /\(((?:[^()]|\([^()]*\))*:\d+:\d+)\)/.exec(text) ?? []
    return place === undefined || place.startsWith("eval at ") ? nowhere : parsePlace(place)
  }
  const match = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(text)
  const file = match?.[1] ?? ""
  if (file === "" || file === "<anonymous>" || file === "native" || /^index \d+$/.test(file)) return nowhere
  return { file, line: numberOf(match?.[2]), column: numberOf(match?.[3]) }
}

const numberOf = (text: string | undefined) => {
  const number = text === undefined ? 0 : Number(text)
  return number > 0 && Number.isSafeInteger(number) ? number : undefined
}
