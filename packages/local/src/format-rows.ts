// Rows as text, for the terminal and for scripts.
import { counted } from "./show/values.ts"
import { cutToWidth, padToWidth, textWidth } from "./text-width.ts"
import { jsonOf } from "./live.ts"

export const formats = ["table", "vertical", "json", "csv", "tsv"] as const
export type Format = (typeof formats)[number]

type Row = Record<string, unknown>

export function formatRows(rows: readonly Row[], format: Format): string {
  switch (format) {
    case "json":
      return rows.map((row) => `${jsonOf(row)}\n`).join("")
    case "csv":
      return separated(rows, ",", (text) =>
        /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
      )
    case "tsv":
      return separated(rows, "\t", (text) => text.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found))
    case "vertical":
      return rows.map((row, index) => `row ${index + 1}\n${lines(row)}`).join("\n")
    default:
      return table(rows)
  }
}

const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" }

function separated(rows: readonly Row[], separator: string, escape: (text: string) => string): string {
  const line = (cells: readonly unknown[]) =>
    `${cells.map((cell) => escape(cellText(cell))).join(separator)}\n`
  const [first] = rows
  return first === undefined
    ? ""
    : line(Object.keys(first)) + rows.map((row) => line(Object.values(row))).join("")
}

const lines = (row: Row): string =>
  Object.entries(row)
    .map(([name, value]) => `  ${name}: ${printable(cellText(value))}\n`)
    .join("")

// Wider columns are cut: a table is to be read, and the other formats have everything.
const widest = 60

function table(rows: readonly Row[]): string {
  const [first] = rows
  if (first === undefined) return "no rows\n"
  const names = Object.keys(first)
  const cells = rows.map((row) => names.map((name) => cut(printable(cellText(row[name])))))
  const widths = names.map((name, column) =>
    Math.max(textWidth(name), ...cells.map((row) => textWidth(row[column] ?? ""))),
  )
  const numeric = names.map((name) =>
    rows.every((row) => typeof row[name] === "number" || typeof row[name] === "bigint"),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        numeric[column] === true ? cell.padStart(widths[column] ?? 0) : padToWidth(cell, widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd()
  const rule = widths.map((width) => "─".repeat(width)).join("  ")
  const count = counted(rows.length, "row")
  return `${[line(names), rule, ...cells.map(line), "", count].join("\n")}\n`
}

const cut = (text: string): string => cutToWidth(text, widest)

const cellText = (value: unknown): string =>
  typeof value === "string" ? value : value === null || value === undefined ? "" : (jsonOf(value) ?? "")

/** Without what would move the terminal's cursor or colour the rest: the text came from somebody else. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these characters are what it is about
  text.replace(/[\n\r\t]+/g, " ").replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\u00b7")
