// The rows of a comparison as text: what was expected on the left, what was recorded on the right.
import type { Row } from "./compare.ts"

const widest = 72

export function sideBySide(rows: readonly Row[]): string {
  const left = rows.map(({ depth, expected }) =>
    expected === undefined ? "" : `${"  ".repeat(depth)}${expected}`,
  )
  const width = Math.min(widest, Math.max("expected".length, ...left.map(({ length }) => length)))
  const lines = rows.flatMap(({ mark, depth, recorded, notes = [] }, index) => {
    const right = recorded === undefined ? "" : `${"  ".repeat(depth)}${recorded}`
    return [
      `${mark} ${fit(left[index]!, width)} | ${right}`,
      ...notes.map((note) => `  ${" ".repeat(width)} | ${"  ".repeat(depth)}^ ${note}`),
    ]
  })
  return [`  ${"expected".padEnd(width)} | recorded`, ...lines].map((line) => line.trimEnd()).join("\n")
}

const fit = (text: string, width: number) =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)
