// Lays an expected tree beside a recorded one so that they differ as little as possible. Without a difference it
// matches; else the rows tell, side by side, what is missing, what is more, and what is other than expected.
import type { RecordedLog } from "../recorded/log.ts"
import type { SpanEvent } from "../recorded/span.ts"
import type { TraceSpan } from "../recorded/trace.ts"
import { eventLine, httpStatusOf, logLine, spanLine } from "./draw.ts"
import type { AttributeExpectation, ExpectedEvent, ExpectedLog, ExpectedSpan } from "./expected.ts"
import { showValue } from "./value.ts"

export interface Row {
  readonly mark: " " | "~" | "-" | "+"
  readonly depth: number
  readonly expected?: string
  readonly recorded?: string
  readonly notes?: readonly string[]
}

export interface Comparison {
  /** 0 for a match. */
  readonly cost: number
  readonly rows: (depth: number) => Row[]
}

export interface CompareOptions {
  /** `true`: brothers may stand in any order. */
  readonly anyOrder: boolean
}

// Spans of other names are laid side by side only if not much else is other, too.
const otherName = 4
const missing = 3
const unexpected = 2

export function createComparer({
  anyOrder,
}: CompareOptions): (expected: ExpectedSpan, span: TraceSpan) => Comparison {
  const kept = new Map<ExpectedSpan, Map<TraceSpan, Comparison>>()

  function compare(expected: ExpectedSpan, span: TraceSpan): Comparison {
    let ofExpected = kept.get(expected)
    if (ofExpected === undefined) kept.set(expected, (ofExpected = new Map()))
    let comparison = ofExpected.get(span)
    if (comparison === undefined) ofExpected.set(span, (comparison = compareNow(expected, span)))
    return comparison
  }

  function compareNow(expected: ExpectedSpan, span: TraceSpan): Comparison {
    const { cost, notes } = compareLine(expected, span)
    const details = compareDetails(expected, span)
    const children = align(expected, span)
    return {
      cost: cost + details.cost + children.cost,
      rows: (depth) => [
        {
          mark: notes.length > 0 ? "~" : " ",
          depth,
          expected: expected.text,
          recorded: spanLine(span, namesOf(expected)),
          notes,
        },
        ...details.rows(depth + 1),
        ...children.rows(depth + 1),
      ],
    }
  }

  function align(expected: ExpectedSpan, span: TraceSpan): Comparison {
    const pairs = (anyOrder ? pairFreely : pairInOrder)(expected.children, span.children, compare, (one) =>
      expected.open ? 0 : unexpected + countOf(one),
    )
    let cost = 0
    for (const [want, got] of pairs) {
      if (want === undefined) cost += expected.open ? 0 : unexpected + countOf(got!)
      else cost += got === undefined ? missing + sizeOf(want) : compare(want, got).cost
    }
    return {
      cost,
      rows: (depth) => [
        ...pairs.flatMap(([want, got]): Row[] => {
          if (want === undefined) return expected.open ? [] : unexpectedRows(got!, depth)
          return got === undefined ? missingRows(want, depth) : compare(want, got).rows(depth)
        }),
        ...(expected.open ? [{ mark: " " as const, depth, expected: "..." }] : []),
      ],
    }
  }
  return compare
}

type Pair = readonly [ExpectedSpan | undefined, TraceSpan | undefined]
type Compare = (expected: ExpectedSpan, span: TraceSpan) => Comparison
type Surplus = (span: TraceSpan) => number

/** The cheapest way to walk both lists from the end. */
function pairInOrder(
  wanted: readonly ExpectedSpan[],
  got: readonly TraceSpan[],
  compare: Compare,
  surplus: Surplus,
): Pair[] {
  const width = got.length + 1
  const best = Array.from({ length: (wanted.length + 1) * width }, () => 0)
  const at = (i: number, j: number) => best[i * width + j]!
  for (let i = wanted.length; i >= 0; i--) {
    for (let j = got.length; j >= 0; j--) {
      const skipWanted = i < wanted.length ? missing + sizeOf(wanted[i]!) + at(i + 1, j) : Infinity
      const skipGot = j < got.length ? surplus(got[j]!) + at(i, j + 1) : Infinity
      const both =
        i < wanted.length && j < got.length ? compare(wanted[i]!, got[j]!).cost + at(i + 1, j + 1) : Infinity
      const cheapest = Math.min(skipWanted, skipGot, both)
      best[i * width + j] = cheapest === Infinity ? 0 : cheapest
    }
  }
  const pairs: Pair[] = []
  let i = 0
  let j = 0
  while (i < wanted.length || j < got.length) {
    const [want, one] = [wanted[i], got[j]]
    if (want !== undefined && one !== undefined && at(i, j) === compare(want, one).cost + at(i + 1, j + 1)) {
      pairs.push([want, one])
      i++
      j++
    } else if (want !== undefined && at(i, j) === missing + sizeOf(want) + at(i + 1, j)) {
      pairs.push([want, undefined])
      i++
    } else {
      pairs.push([undefined, one])
      j++
    }
  }
  return pairs
}

/** First whatever matches, then what differs least. */
export function pairFreely(
  wanted: readonly ExpectedSpan[],
  got: readonly TraceSpan[],
  compare: Compare,
): Pair[] {
  const takenBy = new Map<TraceSpan, number>()
  const find = (index: number, tried: Set<TraceSpan>): boolean => {
    for (const span of got) {
      if (tried.has(span) || compare(wanted[index]!, span).cost > 0) continue
      tried.add(span)
      const other = takenBy.get(span)
      if (other !== undefined && !find(other, tried)) continue
      takenBy.set(span, index)
      return true
    }
    return false
  }
  for (const index of wanted.keys()) find(index, new Set())
  const pairOf = new Map([...takenBy].map(([span, index]) => [index, span]))
  const left = got.filter((span) => !takenBy.has(span))
  const pairs = wanted.map((want, index): Pair => {
    const exact = pairOf.get(index)
    if (exact !== undefined) return [want, exact]
    const nearest = left
      .map((span) => ({ span, cost: compare(want, span).cost }))
      .filter(
        ({ cost, span }) =>
          want.name.matches(span.name) || cost < missing + sizeOf(want) + unexpected + countOf(span),
      )
      .sort((a, b) => a.cost - b.cost)[0]?.span
    if (nearest !== undefined) left.splice(left.indexOf(nearest), 1)
    return [want, nearest]
  })
  return [...pairs, ...left.map((span): Pair => [undefined, span])]
}

function compareLine(expected: ExpectedSpan, span: TraceSpan): { cost: number; notes: string[] } {
  const notes: string[] = []
  let cost = 0
  if (!expected.name.matches(span.name)) {
    cost += otherName
    notes.push(`the name is ${JSON.stringify(span.name)}, not ${expected.name.text}`)
  }
  if (expected.kind !== undefined && expected.kind !== span.kind)
    notes.push(`the kind is ${span.kind}, not ${expected.kind}`)
  if (expected.httpStatus !== undefined) {
    const status = httpStatusOf(span)
    if (!new RegExp(`^${expected.httpStatus.replace("xx", "..")}$`).test(String(status)))
      notes.push(`the HTTP status is ${showValue(status)}, not ${expected.httpStatus}`)
  }
  if (expected.status !== undefined && expected.status !== span.status)
    notes.push(`the status is ${span.status}, not ${expected.status}`)
  if (expected.statusMessage?.matches(span.statusMessage) === false)
    notes.push(`the status message is ${showValue(span.statusMessage)}, not ${expected.statusMessage.text}`)
  notes.push(
    ...differences(expected.attributes, {
      ...span.attributes,
      ...(span.service ? { "service.name": span.service } : {}),
    }),
  )
  return { cost: cost + notes.length, notes }
}

function differences(expected: readonly AttributeExpectation[], attributes: object): string[] {
  const given = attributes as Record<string, unknown>
  return expected
    .filter(({ name, value }) =>
      value === undefined ? given[name] !== undefined : !value.matches(given[name]),
    )
    .map(({ name, value }) =>
      value === undefined
        ? `${name} is ${showValue(given[name])}, but must not be there`
        : `${name} is ${showValue(given[name])}, not ${value.text}`,
    )
}

/** Logs and events: those that are drawn must be there, in that order. */
function compareDetails(expected: ExpectedSpan, span: TraceSpan): Comparison {
  const parts = [
    compareSequence(expected.events, span.events, eventDifferences, (event, wanted) =>
      eventLine(event, namesOf(wanted)),
    ),
    compareSequence(expected.logs, span.logs, logDifferences, (log, wanted) => logLine(log, namesOf(wanted))),
  ]
  return {
    cost: parts.reduce((sum, { cost }) => sum + cost, 0),
    rows: (depth) => parts.flatMap(({ rows }) => rows(depth)),
  }
}

export function compareSequence<E extends { text: string }, T>(
  wanted: readonly E[],
  got: readonly T[],
  differ: (wanted: E, got: T) => string[],
  draw: (got: T, wanted: E) => string,
): Comparison {
  const rows: Omit<Row, "depth">[] = []
  let from = 0
  let cost = 0
  for (const want of wanted) {
    const found = got.findIndex((one, index) => index >= from && differ(want, one).length === 0)
    if (found >= 0) {
      from = found + 1
      rows.push({ mark: " ", expected: want.text, recorded: draw(got[found]!, want) })
      continue
    }
    const nearest = got
      .slice(from)
      .map((one) => ({ one, notes: differ(want, one) }))
      .sort((a, b) => a.notes.length - b.notes.length)[0]
    cost += 2
    rows.push(
      nearest === undefined
        ? { mark: "-", expected: want.text }
        : { mark: "~", expected: want.text, recorded: draw(nearest.one, want), notes: nearest.notes },
    )
  }
  return { cost, rows: (depth) => rows.map((row) => Object.assign({ depth }, row)) }
}

export function logDifferences(expected: ExpectedLog, log: RecordedLog): string[] {
  const notes = differences(expected.attributes, log.attributes)
  if (expected.body?.matches(log.body) === false)
    notes.unshift(`the body is ${showValue(log.body)}, not ${expected.body.text}`)
  if (expected.severity !== undefined && expected.severity !== log.severity)
    notes.unshift(`the severity is ${log.severity ?? "not there"}, not ${expected.severity}`)
  return notes
}

function eventDifferences(expected: ExpectedEvent, event: SpanEvent): string[] {
  const notes = differences(expected.attributes, event.attributes)
  if (!expected.name.matches(event.name))
    notes.unshift(`the event is ${JSON.stringify(event.name)}, not ${expected.name.text}`)
  return notes
}

export function missingRows(expected: ExpectedSpan, depth: number): Row[] {
  return [
    { mark: "-", depth, expected: expected.text },
    ...[...expected.events, ...expected.logs].map(({ text }): Row => ({
      mark: "-",
      depth: depth + 1,
      expected: text,
    })),
    ...expected.children.flatMap((child) => missingRows(child, depth + 1)),
  ]
}

const unexpectedRows = (span: TraceSpan, depth: number): Row[] => [
  { mark: "+", depth, recorded: spanLine(span) },
  ...span.children.flatMap((child) => unexpectedRows(child, depth + 1)),
]

const namesOf = ({ attributes }: { attributes: readonly AttributeExpectation[] }) =>
  attributes.map(({ name }) => name)
const sizeOf = (expected: ExpectedSpan): number =>
  1 + expected.children.reduce((sum, child) => sum + sizeOf(child), 0)
const countOf = (span: TraceSpan): number => 1 + span.children.reduce((sum, child) => sum + countOf(child), 0)
