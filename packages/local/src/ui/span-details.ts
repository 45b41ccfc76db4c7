// Everything about one span: its exceptions first, then what it carries.
import type { Span, SpanEvent, SpanLink, Trace } from "../read/trace.ts"
import { duration, millisOf } from "../show/values.ts"
import { attributeTable } from "./attributes.ts"
import { element } from "./element.ts"
import { besidesException, exceptionOf } from "./exception.ts"
import { logList } from "./log-list.ts"
import { linkTo } from "./place.ts"

export function spanDetails(span: Span, trace: Trace, offsetMs: number): Node[] {
  const facts: [string, string][] = [
    ["service", span.service],
    ["kind", span.kind],
    ["status", span.statusMessage === "" ? span.status : `${span.status}: ${span.statusMessage}`],
    ["began", `${duration(offsetMs)} after the trace`],
    ["took", duration(span.durationMs)],
    ["scope", span.scope],
    ["span id", span.spanId],
  ]
  const exceptions = span.events.filter(({ name }) => name === "exception")
  const events = span.events.filter(({ name }) => name !== "exception")
  const logs = trace.logs.filter(({ spanId }) => spanId === span.spanId)
  return [
    element("h2", {}, span.name),
    element(
      "dl",
      { class: "facts" },
      facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => [
          element("dt", {}, name),
          element("dd", { class: name === "status" && span.status === "Error" && "bad" }, value),
        ]),
    ),
    ...exceptions.flatMap(({ attributes }) => {
      const others = besidesException(attributes)
      return Object.keys(others).length === 0
        ? [exceptionOf(attributes)]
        : [exceptionOf(attributes), attributeTable(others)]
    }),
    ...section(
      "Attributes",
      attributeTable(span.attributes, "traces", "attr."),
      Object.keys(span.attributes).length,
    ),
    ...section(
      "Events",
      events.map((event) => eventOf(event, span)),
      events.length,
    ),
    ...section("Links", element("ul", { class: "links" }, span.links.map(linkOf)), span.links.length),
    ...section(
      "Logs of this span",
      logList(logs, { view: "logs", part: "", search: new URLSearchParams() }),
      logs.length,
    ),
    ...section(
      "Resource",
      attributeTable(span.resource, "traces", "resource."),
      Object.keys(span.resource).length,
    ),
  ]
}

function section(title: string, content: Node | readonly Node[], size: number): Node[] {
  return size === 0 ? [] : [element("h3", {}, title), ...[content].flat()]
}

const eventOf = ({ name, time, attributes }: SpanEvent, span: Span): HTMLElement =>
  element(
    "div",
    { class: "event" },
    element(
      "p",
      {},
      element("strong", {}, name),
      ` ${duration(Math.max(0, millisOf(time) - millisOf(span.time)))} after its start`,
    ),
    attributeTable(attributes),
  )

const linkOf = ({ traceId, spanId, attributes }: SpanLink): HTMLElement =>
  element(
    "li",
    {},
    element("a", { href: linkTo("trace", { span: spanId }, traceId) }, `trace ${traceId}, span ${spanId}`),
    attributeTable(attributes),
  )
