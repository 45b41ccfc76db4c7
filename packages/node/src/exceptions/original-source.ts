// Where a frame of a built file is from: the map that the file names, inline or beside it, of a bundle as well.
import { path } from "../builtins.ts"
import { fileOf, type LoadedScripts } from "./loaded-scripts.ts"
import {
  type Original,
  originalPositions,
  parseSourceMap,
  type Position,
  type SourceMap,
} from "./source-map.ts"
import { largestFile, type TextFiles } from "./text-files.ts"

interface OriginalSource {
  /** A path, or what the map calls it where that is none. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Of the whole file, if the map has it. */
  readonly content: string | undefined
}

export interface OriginalSources {
  readonly find: (file: string, positions: readonly Position[]) => (OriginalSource | undefined)[]
  /** Whether a loaded script was made of this file. */
  readonly isSource: (file: string) => boolean
}

interface ScriptMap {
  readonly map: SourceMap
  /** What its sources are relative to. */
  readonly directory: string
}

const mostMaps = 20
const mostCharacters = 32 * 1024 * 1024
const mostLookedThrough = 200
const comment = /\/[/*][#@] ?sourceMappingURL=([^\s'"*]+)/

export function createOriginalSources(scripts: LoadedScripts, files: TextFiles): OriginalSources {
  const maps = new Map<string, ScriptMap | undefined>()
  const sources = new Set<string>()
  const lookedThrough = new Set<string>()
  // Node maps the stack by itself; a script that has its source's own name, as tsx's have, must not be mapped again.
  const isMapped = () => (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true

  function mapOf(file: string): ScriptMap | undefined {
    if (maps.has(file)) return maps.get(file)
    const map = readMap(file)
    maps.set(file, map)
    if (maps.size > mostMaps) maps.delete(maps.keys().next().value!)
    return map
  }

  function readMap(file: string): ScriptMap | undefined {
    const text = files.read(file)
    const at = text?.lastIndexOf("sourceMappingURL=") ?? -1
    if (text === undefined || at < 4) return undefined
    const url = comment.exec(text.slice(at - 4))?.[1]
    if (url === undefined) return undefined
    if (url.startsWith("data:")) return made(inlineMap(url), path.dirname(file))
    const beside = besideFile(file, url)
    if (beside === undefined || !beside.startsWith(scripts.root) || !beside.endsWith(".map")) return undefined
    return made(files.read(beside), path.dirname(beside))
  }

  function made(text: string | undefined, directory: string): ScriptMap | undefined {
    const map = text === undefined ? undefined : parseSourceMap(text)
    // A large one is used once and read again for the next.
    if (map !== undefined && text!.length > mostCharacters / mostMaps) queueMicrotask(() => maps.clear())
    return map && { map, directory }
  }

  function resolved({ source, line, column, content }: Original, directory: string): OriginalSource {
    const inside = source.replace(/^webpack:\/\/[^/]*\//, "")
    const file =
      fileOf(inside) ?? (/^[a-z][a-z0-9+.-]+:/i.test(inside) ? inside : path.resolve(directory, inside))
    // webpack's are relative to where it ran, which is nearly always the app's directory.
    return { file: inside === source ? file : path.resolve(scripts.root, inside), line, column, content }
  }

  return {
    find: (file, positions) => {
      const found = mapOf(file)
      if (found === undefined) return positions.map(() => undefined)
      return originalPositions(found.map, positions).map((original) => {
        const one = original && resolved(original, found.directory)
        return one?.file === file && isMapped() ? undefined : one
      })
    },
    isSource: (file) => {
      if (!scripts.isOfApp(file)) return false
      const name = path.basename(file).replace(/\..*$/, "")
      const all = [...scripts.all()].filter((one) => !lookedThrough.has(one))
      // The one that has its name first: it is nearly always that one.
      all.sort(
        (a, b) => Number(path.basename(b).startsWith(name)) - Number(path.basename(a).startsWith(name)),
      )
      for (const script of all) {
        if (sources.has(file) || lookedThrough.size >= mostLookedThrough) break
        lookedThrough.add(script)
        const found = mapOf(script)
        if (found !== undefined)
          for (const one of sourcesOf(found.map)) sources.add(resolved(one, found.directory).file)
      }
      return sources.has(file)
    },
  }
}

function inlineMap(url: string): string | undefined {
  const [, isBase64, data = ""] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url) ?? []
  if (data.length > largestFile) return undefined
  try {
    return isBase64 === undefined ? decodeURIComponent(data) : Buffer.from(data, "base64").toString("utf8")
  } catch {
    return undefined
  }
}

function besideFile(file: string, url: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]+:/i.test(url)) return fileOf(url)
  try {
    return path.resolve(path.dirname(file), decodeURIComponent(url.replace(/[?#].*$/, "")))
  } catch {
    return undefined
  }
}

function sourcesOf(map: SourceMap): Original[] {
  if ("sections" in map) return map.sections.flatMap(({ map: inner }) => sourcesOf(inner))
  const root =
    map.sourceRoot === undefined || map.sourceRoot === "" ? "" : `${map.sourceRoot.replace(/\/$/, "")}/`
  return map.sources.flatMap((source) =>
    typeof source === "string" ? [{ source: root + source, content: undefined, line: 1, column: 1 }] : [],
  )
}
