// How results look in a terminal: tables whose numbers stand under each other, bars, and a trace as a tree. Nothing is
// wider than the terminal, or than 100 columns; colour is for terminals only, and not where NO_COLOR is set.
import { styleText } from "node:util"

const { stdout, env } = process

export const width = Math.min(Math.max(stdout.columns ?? 100, 80), 100)

const hasColour = stdout.isTTY && !env["NO_COLOR"]

/** @typedef {"bold" | "dim" | "red" | "cyan" | "yellow"} Style */

export const style = (/** @type {Style} */ name, /** @type {string} */ text) =>
  hasColour ? styleText(name, text) : text

/**
 * @typedef {Record<string, any>} Row A row of a result.
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => string} of What stands in the cell.
 * @property {boolean} [right] Aligned to the right, as numbers are.
 * @property {(row: Row) => Style | undefined} [style]
 */

/**
 * @param {readonly Column[]} columns The last one may be cut off where the terminal ends.
 * @param {readonly Row[]} rows
 */
export function table(columns, rows) {
  const cells = rows.map((row) => columns.map(({ of }) => of(row)))
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 2)
  widths[widths.length - 1] = Math.min(widths.at(-1) ?? 0, width - before)

  const line = (/** @type {string[]} */ texts, /** @type {(Style | undefined)[]} */ styles) =>
    texts.map((text, index) => {
      const size = widths[index] ?? 0
      const cut = shorten(text, size)
      const padded =
        columns[index]?.right === true
          ? cut.padStart(size)
          : index < columns.length - 1
            ? cut.padEnd(size)
            : cut
      const one = styles[index]
      return one === undefined ? padded : style(one, padded)
    })

  const titles = line(
    columns.map(({ title }) => title),
    columns.map(() => "dim"),
  )
  const body = rows.map((row, index) =>
    line(
      cells[index] ?? [],
      columns.map((column) => column.style?.(row)),
    ),
  )
  return [titles, ...body].map((texts) => `  ${texts.join("  ")}`.trimEnd())
}

/** @typedef {{ id: string, parent: string, name: string, service: string, start: number, ms: number, status: string }} TreeSpan */

/** A trace as a tree, each span with a bar where it was in time. @param {readonly TreeSpan[]} spans */
export function tree(spans) {
  const end = Math.max(...spans.map(({ start, ms }) => start + ms))
  /** @type {{ span: TreeSpan, label: string }[]} */
  const lines = []
  const walk = (/** @type {string} */ parent, /** @type {string} */ indent) => {
    const children = spans.filter((span) => span.parent === parent)
    for (const span of children) {
      const isLast = span === children.at(-1)
      const branch = parent === "" ? "" : indent + (isLast ? "└ " : "├ ")
      lines.push({ span, label: `${branch}${span.service}: ${span.name}` })
      walk(span.id, parent === "" ? "" : indent + (isLast ? "  " : "│ "))
    }
  }
  walk("", "")

  const labelWidth = Math.min(Math.max(...lines.map(({ label }) => label.length)), Math.floor(width * 0.48))
  // Beside the label and the bar: margins, the milliseconds, and the mark of an error.
  const barWidth = width - labelWidth - 18
  return lines.map(({ span, label }) => {
    const from = Math.min(Math.floor((span.start / end) * barWidth), barWidth - 1)
    const size = Math.max(1, Math.round((span.ms / end) * barWidth))
    const blocks = (" ".repeat(from) + "█".repeat(Math.min(size, barWidth - from))).padEnd(barWidth)
    const isError = span.status === "Error"
    const shown = `${shorten(label, labelWidth).padEnd(labelWidth)}  ${blocks}  ${ms(span.ms).padStart(9)}`
    return `  ${isError ? style("red", `${shown} !`) : shown}`
  })
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]

/** @param {number} value @param {number} most @param {number} size How wide a bar for `most` is. */
export function bar(value, most, size) {
  const parts = Math.round((value / most) * size * 8)
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "")
}

const shorten = (/** @type {string} */ text, /** @type {number} */ size) =>
  text.length > size ? `${text.slice(0, Math.max(size - 1, 0))}…` : text

export const count = (/** @type {number} */ value) => value.toLocaleString("en-US")
export const ms = (/** @type {number} */ value) => `${value.toLocaleString("en-US", oneDigit)} ms`
export const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(2)} %`

const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 }
