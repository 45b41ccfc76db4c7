// Source maps, of revision 3, plain and indexed (with sections). A lookup goes through the text of the mappings once and
// keeps nothing of it: decoded, a map takes many times its size in memory, and most are asked for a few positions.

export interface Position {
  /** From 1. */
  readonly line: number
  readonly column: number
}

export interface Original extends Position {
  /** As the map names it, below its sourceRoot. */
  readonly source: string
  readonly content: string | undefined
}

interface PlainMap {
  readonly sources: readonly (string | null)[]
  readonly sourceRoot?: string
  readonly sourcesContent?: readonly (string | null)[]
  readonly mappings: string
}
interface IndexedMap {
  readonly sections: readonly { readonly offset: { line: number; column: number }; readonly map: PlainMap }[]
}
export type SourceMap = PlainMap | IndexedMap

/** undefined for what is none. */
export function parseSourceMap(text: string): SourceMap | undefined {
  try {
    // Some are served with a line before the JSON, so that no script can include them.
    const map = JSON.parse(text.startsWith(")]}") ? text.slice(text.indexOf("\n")) : text) as unknown
    return isMap(map) ? map : undefined
  } catch {
    return undefined
  }
}

function isMap(map: unknown): map is SourceMap {
  if (typeof map !== "object" || map === null) return false
  const { sections, mappings, sources } = map as Partial<PlainMap & IndexedMap>
  if (sections === undefined) return typeof mappings === "string" && Array.isArray(sources)
  if (!Array.isArray(sections)) return false
  return sections.every(
    (one: Partial<IndexedMap["sections"][number]> | null) =>
      Number.isInteger(one?.offset?.line) &&
      Number.isInteger(one?.offset?.column) &&
      isMap(one?.map) &&
      "mappings" in one.map,
  )
}

/** Where each position of the generated file is from; undefined for what no mapping covers. */
export function originalPositions(map: SourceMap, positions: readonly Position[]): (Original | undefined)[] {
  if (!("sections" in map)) return inPlainMap(map, positions)
  return positions.map((position) => {
    const section = map.sections.findLast(
      ({ offset }) =>
        offset.line < position.line - 1 ||
        (offset.line === position.line - 1 && offset.column <= position.column - 1),
    )
    if (section === undefined) return undefined
    const line = position.line - section.offset.line
    const column = line === 1 ? position.column - section.offset.column : position.column
    return inPlainMap(section.map, [{ line, column }])[0]
  })
}

interface Found {
  source: number
  line: number
  column: number
}

function inPlainMap(map: PlainMap, positions: readonly Position[]): (Original | undefined)[] {
  const found = scan(map.mappings, positions)
  return found.map((one) => {
    const source = one === undefined ? undefined : map.sources[one.source]
    if (one === undefined || typeof source !== "string") return undefined
    const root = typeof map.sourceRoot === "string" ? map.sourceRoot : ""
    const content = map.sourcesContent?.[one.source]
    return {
      source: root === "" || isAbsolute(source) ? source : `${root.replace(/\/$/, "")}/${source}`,
      content: typeof content === "string" ? content : undefined,
      line: one.line + 1,
      column: one.column + 1,
    }
  })
}

const isAbsolute = (source: string) => source.startsWith("/") || /^[a-z][a-z0-9+.-]*:/i.test(source)

const semicolon = 59
const comma = 44
const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const digits = new Int8Array(128).fill(-1)
for (let index = 0; index < base64.length; index++) digits[base64.charCodeAt(index)] = index

/** For each position the last segment that begins at it or before it, in the same line. */
function scan(mappings: string, positions: readonly Position[]): (Found | undefined)[] {
  const results: (Found | undefined)[] = positions.map(() => undefined)
  const byLine = new Map<number, number[]>()
  for (const [index, { line }] of positions.entries()) byLine.set(line, [...(byLine.get(line) ?? []), index])
  const last = Math.max(...byLine.keys())

  // What a segment holds is relative to the one before: generated column, source, line, column, name.
  const fields = [0, 0, 0, 0, 0]
  let field = 0
  let value = 0
  let shift = 0
  let line = 1
  let wanted = byLine.get(1)
  for (let index = 0; index <= mappings.length; index++) {
    const code = index === mappings.length ? semicolon : mappings.charCodeAt(index)
    if (code === comma || code === semicolon) {
      if (wanted !== undefined && field > 0) {
        for (const one of wanted) {
          if (fields[0]! > positions[one]!.column - 1) continue
          // A segment of one field says that nothing of the sources is here.
          results[one] = field < 4 ? undefined : { source: fields[1]!, line: fields[2]!, column: fields[3]! }
        }
      }
      field = 0
      value = 0
      shift = 0
      if (code === comma) continue
      fields[0] = 0
      line++
      if (line > last) break
      wanted = byLine.get(line)
      continue
    }
    const digit = code < 128 ? digits[code]! : -1
    if (digit < 0 || shift > 30) return results // broken from here on
    value += (digit & 31) * 2 ** shift
    if ((digit & 32) !== 0) {
      shift += 5
      continue
    }
    if (field < fields.length) fields[field]! += value % 2 === 1 ? -Math.floor(value / 2) : value / 2
    field++
    value = 0
    shift = 0
  }
  return results
}
