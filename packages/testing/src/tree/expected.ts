// A drawn tree that is read as an expectation. A line is a span, a log or an event; two spaces deeper is its child; two
// spaces or more part the columns:
//   GET /orders/:id  server  200  url.path=/orders/7
//     pg.query  client  db.system.name=postgresql  x2
//     log info "order found"
//     event retry  attempt=2
//     ...
import { TestingError } from "../errors.ts"
import type { SpanKind } from "../recorded/span.ts"
import { readValue, type ValueExpectation } from "./value.ts"

export interface AttributeExpectation {
  readonly name: string
  /** Left out: the attribute must not be there. */
  readonly value?: ValueExpectation
}

interface Line {
  /** As it was drawn. */
  readonly text: string
  readonly attributes: readonly AttributeExpectation[]
}

export interface ExpectedSpan extends Line {
  readonly name: ValueExpectation
  readonly kind?: SpanKind
  /** "200", "4xx" */
  readonly httpStatus?: string
  readonly status?: "ok" | "error" | "unset"
  readonly statusMessage?: ValueExpectation
  readonly children: ExpectedSpan[]
  readonly logs: ExpectedLog[]
  readonly events: ExpectedEvent[]
  /** Drawn with `...`: children that are not drawn are allowed. */
  open: boolean
}

export interface ExpectedLog extends Line {
  readonly severity?: string
  readonly body?: ValueExpectation
}

export interface ExpectedEvent extends Line {
  readonly name: ValueExpectation
}

export interface ExpectedTree {
  readonly roots: ExpectedSpan[]
  /** Those that belong to no span. */
  readonly logs: ExpectedLog[]
}

// Quoted text is one piece, whatever is in it.
const columnPattern = /(?:"(?:[^"\\]|\\.)*"|(?! {2}).)+/g
const kinds = new Set(["internal", "server", "client", "producer", "consumer", "unspecified"])

/** @throws TestingError WRONG_PATTERN, naming the line. */
export function readTree(pattern: string): ExpectedTree {
  if (typeof pattern !== "string")
    throw wrong(String(pattern), "a trace is expected as text, one line for each span")
  const tree: ExpectedTree = { roots: [], logs: [] }
  const path: { indent: number; span: ExpectedSpan }[] = []
  for (const line of pattern.split("\n")) {
    const text = line.trim()
    if (text === "" || text.startsWith("#")) continue
    const indent = line.length - line.trimStart().length
    while (path.length > 0 && path.at(-1)!.indent >= indent) path.pop()
    const parent = path.at(-1)?.span
    if (text === "...") {
      if (parent === undefined)
        throw wrong(text, "... stands for further children, so it needs a span above it")
      parent.open = true
      continue
    }
    const columns = text.match(columnPattern)!.map((column) => column.trim())
    const first = columns[0]!
    if (/^log( |$)/.test(first)) (parent ?? tree).logs.push(readLogLine(text, columns))
    else if (first.startsWith("event ")) {
      if (parent === undefined) throw wrong(text, "an event needs a span above it")
      const name = readValue(first.slice("event ".length).trim())
      parent.events.push({ text, name, attributes: columns.slice(1).map((one) => readAttribute(one, text)) })
    } else {
      const { span, count } = readSpanLine(text, columns)
      const siblings = parent?.children ?? tree.roots
      for (let made = 0; made < count; made++) siblings.push(span)
      path.push({ indent, span })
    }
  }
  if (tree.roots.length === 0 && tree.logs.length === 0)
    throw wrong(pattern, "the expected trace has no line")
  return tree
}

function readSpanLine(
  text: string,
  [name = "", ...columns]: string[],
): { span: ExpectedSpan; count: number } {
  const attributes: AttributeExpectation[] = []
  const more: { -readonly [K in "kind" | "httpStatus" | "status" | "statusMessage"]?: ExpectedSpan[K] } = {}
  let count = 1
  for (const column of columns) {
    const [word, rest] = splitOnce(column, " ")
    if (kinds.has(column)) more.kind = column as SpanKind
    else if (/^[1-5](\d\d|xx)$/.test(column)) more.httpStatus = column
    else if (/^x\d+$/.test(column)) count = Number(column.slice(1))
    else if (word === "ok" || word === "error" || word === "unset") {
      more.status = word
      if (rest !== undefined) more.statusMessage = readValue(rest)
    } else attributes.push(readAttribute(column, text))
  }
  const span = {
    text,
    name: readValue(name),
    attributes,
    children: [],
    logs: [],
    events: [],
    open: false,
    ...more,
  }
  return { span, count }
}

function readLogLine(text: string, [first = "", ...columns]: string[]): ExpectedLog {
  const rest = first.slice("log".length).trim()
  const [, severity, body] = /^([a-z]+\b(?!\/))?\s*(.*)$/is.exec(rest)!
  return {
    text,
    attributes: columns.map((column) => readAttribute(column, text)),
    ...(severity === undefined ? {} : { severity: severity.toUpperCase() }),
    ...(body === "" || body === undefined ? {} : { body: readValue(body) }),
  }
}

function readAttribute(column: string, text: string): AttributeExpectation {
  if (/^![^\s=]+$/.test(column)) return { name: column.slice(1) }
  const [name, value] = splitOnce(column, "=")
  if (value === undefined || /\s/.test(name)) {
    throw wrong(
      text,
      `"${column}" is no column; there are: a kind, an HTTP status like 200 or 4xx, ok, error "message", x2, name=value, !name`,
    )
  }
  return { name, value: readValue(value) }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1).trim()]
}

const wrong = (line: string, why: string) =>
  new TestingError("WRONG_PATTERN", `the line "${line.trim()}" of the expected trace cannot be read: ${why}`)
