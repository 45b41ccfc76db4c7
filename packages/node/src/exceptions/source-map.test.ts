import { SourceMap as NodeSourceMap } from "node:module"
import { array, assert, nat, property, record, string, uniqueArray } from "fast-check"
import { describe, expect, test } from "vitest"
import { originalPositions, parseSourceMap } from "./source-map.ts"

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2
  let text = ""
  do {
    const digit = rest % 32
    rest = Math.floor(rest / 32)
    text += digits[rest > 0 ? digit + 32 : digit]
  } while (rest > 0)
  return text
}

interface Segment {
  readonly column: number
  readonly source: number
  readonly line: number
  readonly sourceColumn: number
}

/** By generated line. */
function mappingsOf(lines: readonly (readonly Segment[])[]): string {
  let [source, line, sourceColumn] = [0, 0, 0]
  return lines
    .map((segments) => {
      let column = 0
      return segments
        .map((one) => {
          const text = [
            one.column - column,
            one.source - source,
            one.line - line,
            one.sourceColumn - sourceColumn,
          ]
          ;({ column, source, line, sourceColumn } = one)
          return text.map(vlq).join("")
        })
        .join(",")
    })
    .join(";")
}

const map = (lines: readonly (readonly Segment[])[], more: object = {}) =>
  parseSourceMap(
    JSON.stringify({ version: 3, sources: ["a.ts", "b.ts"], mappings: mappingsOf(lines), ...more }),
  )!

const small = map(
  [
    [
      { column: 0, source: 0, line: 4, sourceColumn: 2 },
      { column: 10, source: 1, line: 0, sourceColumn: 0 },
    ],
    [],
    [{ column: 4, source: 0, line: 100_000, sourceColumn: 70_000 }],
  ],
  { sourceRoot: "src/", sourcesContent: ["text of a", null] },
)

test.each([
  [1, 1, { source: "src/a.ts", content: "text of a", line: 5, column: 3 }],
  [1, 10, { source: "src/a.ts", content: "text of a", line: 5, column: 3 }],
  [1, 11, { source: "src/b.ts", content: undefined, line: 1, column: 1 }],
  [1, 999, { source: "src/b.ts", content: undefined, line: 1, column: 1 }],
  [2, 1, undefined],
  [3, 4, undefined],
  [3, 5, { source: "src/a.ts", content: "text of a", line: 100_001, column: 70_001 }],
  [99, 1, undefined],
])("line %i, column %i", (line, column, original) => {
  expect(originalPositions(small, [{ line, column }])).toEqual([original])
})

test("several positions are found in one pass, in the order they were asked for", () => {
  const positions = [3, 1, 2].map((line) => ({ line, column: 20 }))
  expect(originalPositions(small, positions).map((one) => one?.line)).toEqual([100_001, 1, undefined])
})

test("the same as Node's own reader, for any map", () => {
  const segment = record({
    column: nat(500),
    source: nat(1),
    line: nat(100_000),
    sourceColumn: nat(5000),
  })
  const line = uniqueArray(segment, { selector: ({ column }) => column, maxLength: 8 })
  const lines = array(
    line.map((all) => all.toSorted((a, b) => a.column - b.column)),
    { minLength: 1, maxLength: 8 },
  )
  assert(
    property(lines, nat(10), nat(600), (all, at, column) => {
      const given = {
        version: 3,
        sources: ["a.ts", "b.ts"],
        mappings: mappingsOf(all),
        names: [],
        file: "",
        sourceRoot: "",
        sourcesContent: [],
      }
      const [ours] = originalPositions(parseSourceMap(JSON.stringify(given))!, [
        { line: at + 1, column: column + 1 },
      ])
      const theirs = new NodeSourceMap(given).findEntry(at, column) as Partial<
        import("node:module").SourceMapping
      >
      // Node looks into the lines before, where a line has nothing up to this column.
      if (theirs.generatedLine !== at) expect(ours).toBeUndefined()
      else {
        expect(ours).toMatchObject({
          source: theirs.originalSource,
          line: theirs.originalLine! + 1,
          column: theirs.originalColumn! + 1,
        })
      }
    }),
  )
})

test("a map with sections", () => {
  const part = (line: number) => ({
    version: 3,
    sources: [`${line}.ts`],
    mappings: mappingsOf([[{ column: 0, source: 0, line, sourceColumn: 0 }]]),
  })
  const sections = [
    { offset: { line: 0, column: 0 }, map: part(1) },
    { offset: { line: 2, column: 5 }, map: part(2) },
  ]
  const indexed = parseSourceMap(JSON.stringify({ version: 3, sections }))!
  const found = [
    [1, 1],
    [3, 5],
    [3, 6],
  ].map(([line = 0, column = 0]) => originalPositions(indexed, [{ line, column }])[0]?.source)
  expect(found).toEqual(["1.ts", undefined, "2.ts"])
})

describe("what is none", () => {
  test.each([
    "",
    "null",
    "[]",
    "{}",
    '{"mappings":1,"sources":[]}',
    '{"mappings":"","sources":null}',
    '{"sections":[null]}',
    '{"sections":[{"offset":{},"map":{}}]}',
    "<html>",
  ])("%s", (text) => expect(parseSourceMap(text)).toBeUndefined())

  test("mappings of any text give something or nothing", () => {
    assert(
      property(string(), (mappings) => {
        const broken = parseSourceMap(JSON.stringify({ sources: ["a.ts", null], mappings }))!
        const [found] = originalPositions(broken, [{ line: 1, column: 1 }])
        expect(found === undefined || found.source === "a.ts").toBe(true)
      }),
    )
  })
})
