import { expect, test } from "vitest"
import type { Span } from "../read/trace.ts"
import { bodyLine } from "./lines.ts"
import { createPaint } from "./terminal.ts"
import { waterfall } from "./waterfall.ts"

const span = (
  name: string,
  spanId: string,
  parentSpanId: string,
  startMs: number,
  durationMs: number,
): Span => ({
  traceId: "t1",
  spanId,
  parentSpanId,
  time: `1970-01-01T00:00:00.${String(startMs).padStart(3, "0")}000000Z`,
  durationMs,
  service: "shop",
  name,
  kind: "Internal",
  status: "Unset",
  statusMessage: "",
  attributes: {},
  resource: {},
  scope: "",
  events: [],
  links: [],
})

const draw = (spans: Span[]) =>
  waterfall({ traceId: "t1", spans, logs: [], truncated: false }, 60, createPaint(false))
    .split("\n")
    .slice(1, -1)

test("a span stands under its parent, with a bar for when and how long", () => {
  expect(
    draw([span("root", "1", "", 0, 100), span("late", "3", "1", 50, 50), span("inner", "2", "3", 75, 25)]),
  ).toEqual([
    "root       shop ████████████████████████████████   100 ms",
    "  late     shop                 ████████████████    50 ms",
    "    inner  shop                         ████████    25 ms",
  ])
})

test("a failure is told under its span, once", () => {
  const failed: Span = { ...span("root", "1", "", 0, 1), status: "Error", statusMessage: "no stock" }
  failed.events.push({
    time: "",
    name: "exception",
    attributes: { "exception.type": "Error", "exception.message": "x" },
  })
  expect(draw([failed]).slice(1)).toEqual(["  no stock", "  Error: x"])
})

test("an exception is told with the app's line that threw it", () => {
  const failed: Span = { ...span("root", "1", "", 0, 1), status: "Error" }
  const frames = [
    { filename: "app.js", function: "charge", lineno: 18, colno: 9, in_app: true, context_line: "  throw x" },
    { filename: "node:internal/x", function: "run", lineno: 5, colno: 1, in_app: false },
  ]
  failed.events.push({
    time: "",
    name: "exception",
    attributes: {
      "exception.type": "Error",
      "exception.message": "declined",
      "exception.parsed_stacktrace": JSON.stringify({ frames }),
    },
  })
  expect(draw([failed]).slice(1)).toEqual([
    "  Error: declined",
    "    at charge (app.js:18:9)",
    "    > throw x",
  ])
})

test("of a log's body the first line is shown, and that there is more", () => {
  expect(["one", "Error: declined\n    at charge", "\ntwo\n"].map(bodyLine)).toEqual([
    "one",
    "Error: declined …",
    "two",
  ])
})

test("a parent that is not here, a span that is its own, and two in a circle are all shown, once", () => {
  const spans = [
    span("a", "1", "9", 0, 1),
    span("b", "2", "2", 0, 1),
    span("c", "3", "4", 0, 1),
    span("d", "4", "3", 0, 1),
  ]
  expect(draw(spans).map((line) => line.trim()[0])).toEqual(["a", "b", "c", "d"])
})

test("20,000 levels do not overflow anything", () => {
  const spans = Array.from({ length: 20_000 }, (_, index) =>
    span("s", String(index + 1), String(index), 0, 1),
  )
  expect(draw(spans)).toHaveLength(20_000)
})

test("what a sender put into a name cannot move the cursor", () => {
  expect(draw([span("\u001b[2Jevil\nname", "1", "", 0, 1)])[0]).toContain("·[2Jevil name")
})

test("equal work of ClickHouse's processors is one line under its query, and nobody else's is", () => {
  const own = (name: string, id: string, parent: string, start: number) => ({
    ...span(name, id, parent, start, 10),
    scope: "system.opentelemetry_span_log",
    service: "clickhouse",
  })
  const spans = [
    { ...own("query", "1", "", 0), durationMs: 100 },
    ...Array.from({ length: 9 }, (_, index) => own("Filter", `f${index}`, "1", index * 10)),
    own("Sort", "s", "1", 90),
    ...Array.from({ length: 5 }, (_, index) => span("step", `a${index}`, "1", index, 1)),
  ]
  expect(draw(spans).map((line) => line.replace(/ +\S+ +█.*/, "").trimEnd())).toEqual([
    "query",
    "  9 × Filter",
    "  Sort",
    "  step",
    "  step",
    "  step",
    "  step",
    "  step",
  ])
  expect(draw(spans)[1]).toMatch(/ 90 ms$/)
})
