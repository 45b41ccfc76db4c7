// A stack as the UI reads it: JSON with frames, the oldest first, each with its place in the sources and, for frames of the
// app itself, the lines around it. Paths are relative to the app's directory where they are below it.
import { path } from "../builtins.ts"
import type { Config } from "../config.ts"
import type { CallFrame } from "./local-variables.ts"
import { createLoadedScripts, fileOf } from "./loaded-scripts.ts"
import { createOriginalSources } from "./original-source.ts"
import { parseStack, type StackFrame } from "./parse-stack.ts"
import { type SourceLines, sourceLines } from "./source-lines.ts"
import { createTextFiles } from "./text-files.ts"

/** "frames": without source maps and lines, which have to be read. */
export type Effort = "all" | "frames" | "none"

interface Frame extends Partial<SourceLines> {
  readonly filename: string
  readonly module?: string
  readonly function: string
  readonly lineno?: number
  readonly colno?: number
  readonly in_app: boolean
  readonly vars?: Readonly<Record<string, unknown>>
}

/** Where a frame is, and what of it can be read. */
interface Located {
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  readonly content: string | undefined
}

export type ReadFrames = (
  stack: string,
  message: string,
  effort: Effort,
  calls?: readonly CallFrame[],
) => string | undefined

const packageName =
  /[\\/]node_modules[\\/](?:\.pnpm[\\/][^\\/]+[\\/]node_modules[\\/])?((?:@[^\\/]+[\\/])?[^\\/]+)/g
const mostBytes = 60 * 1024 // of the JSON; source lines are left out first, then the oldest frames

export function createFrameReader(
  { capture, limits }: Pick<Config, "capture" | "limits">,
  seenEsModules: ReadonlySet<string>,
): ReadFrames {
  const files = createTextFiles()
  const scripts = createLoadedScripts(seenEsModules)
  const originals = createOriginalSources(scripts, files)
  const room = Math.min(mostBytes, limits.valueBytes)
  const own = fileOf(new URL("..", import.meta.url).href)! // of this package

  function locate(frames: readonly StackFrame[], effort: Effort): Located[] {
    const located: Located[] = frames.map(({ file, line, column }) => {
      const at = file === undefined ? undefined : fileOf(file)
      return { file: at ?? file, line, column, content: undefined }
    })
    if (effort !== "all") return located
    // By file, so that a map is gone through once.
    const byFile = new Map<string, number[]>()
    for (const [index, { file, line }] of located.entries()) {
      if (file === undefined || line === undefined || !isInApp(file) || !scripts.isLoaded(file)) continue
      byFile.set(file, [...(byFile.get(file) ?? []), index])
    }
    for (const [file, indices] of byFile) {
      const positions = indices.map((index) => ({
        line: located[index]!.line!,
        column: located[index]!.column ?? 1,
      }))
      const found = originals.find(file, positions)
      for (const [at, index] of indices.entries()) located[index] = found[at] ?? located[index]!
    }
    return located
  }

  const isInApp = (file: string) =>
    path.isAbsolute(file) && !file.includes("node_modules") && !file.startsWith(own)

  function linesOf({ file, line, column, content }: Located): SourceLines | undefined {
    if (!capture.sourceLines || file === undefined || line === undefined) return undefined
    if (content !== undefined) return sourceLines(content, line, column)
    if (!scripts.isLoaded(file) && !originals.isSource(file)) return undefined
    const text = files.read(file)
    return text === undefined ? undefined : sourceLines(text, line, column)
  }

  function frameOf(frame: StackFrame, located: Located): Frame {
    const { file, line, column } = located
    const inApp = file !== undefined && isInApp(file)
    const filename = file === undefined ? "<anonymous>" : relative(file)
    return {
      filename,
      ...moduleOf(file, filename, inApp),
      function: frame.function ?? "<anonymous>",
      ...(line === undefined ? {} : { lineno: line }),
      ...(column === undefined ? {} : { colno: column }),
      in_app: inApp,
    }
  }

  const relative = (file: string) =>
    scripts.isOfApp(file) ? path.relative(scripts.root, file).replaceAll("\\", "/") : file

  function moduleOf(file: string | undefined, filename: string, inApp: boolean): { module?: string } {
    if (file === undefined) return {}
    if (file.startsWith("node:")) return { module: file }
    const [, name] = [...file.matchAll(packageName)].at(-1) ?? []
    if (name !== undefined) return { module: name.replace("\\", "/") }
    if (file.startsWith(own)) return { module: "@clickstack/node" }
    return inApp ? { module: filename.replace(/\.[^./]+$/, "") } : {}
  }

  return (stack, message, effort, calls = []) => {
    const parsed = parseStack(stack, message)
    if (parsed.length === 0) return undefined
    const located = locate(parsed, effort)
    const frames: string[] = []
    let left = room - '{"frames":[]}'.length
    const vars = variablesOf(parsed, calls)
    let withLines = effort === "all"
    for (const [index, one] of parsed.entries()) {
      const place = located[index]!
      const bare = frameOf(one, place)
      const lines = withLines && bare.in_app ? linesOf(place) : undefined
      let json = JSON.stringify({ ...bare, ...lines, ...vars.get(one) })
      if (Buffer.byteLength(json) >= left) {
        withLines = false
        json = JSON.stringify(bare)
        if (Buffer.byteLength(json) >= left) break
      }
      left -= Buffer.byteLength(json) + 1
      frames.unshift(json)
    }
    return frames.length === 0 ? undefined : `{"frames":[${frames.join(",")}]}`
  }
}

/** The stack names where an error was made, the calls where it was thrown: what both have is of the same function. */
function variablesOf(
  frames: readonly StackFrame[],
  calls: readonly CallFrame[],
): ReadonlyMap<StackFrame, Pick<Frame, "vars">> {
  const found = new Map<StackFrame, Pick<Frame, "vars">>()
  for (const { file, function: name, vars } of calls) {
    const frame = frames.find(
      (one) =>
        !found.has(one) &&
        one.file !== undefined &&
        fileOf(one.file) === file &&
        (one.function ?? "").replace(/^new |^.*\./, "").replace("<anonymous>", "") === name,
    )
    if (frame !== undefined) found.set(frame, { vars })
  }
  return found
}
