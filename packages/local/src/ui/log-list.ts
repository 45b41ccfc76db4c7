// Logs as lines that open.
import type { Log } from "../read/logs.ts"
import { levelName } from "../show/values.ts"
import { spellTime } from "../show/local-time.ts"
import { attributeTable } from "./attributes.ts"
import { element } from "./element.ts"
import { exceptionOf, isException } from "./exception.ts"
import { type Place, changed, linkTo, rangeOf } from "./place.ts"

/** What the live stream tells of has neither resource nor scope. */
export type ShownLog = Omit<Log, "resource" | "scope" | "eventName"> & Partial<Log>

export const logList = (logs: readonly ShownLog[], place: Place): HTMLElement =>
  element(
    "div",
    { class: "logs" },
    logs.map((log) => logLine(log, place)),
  )

export function logLine(log: ShownLog, place: Place): HTMLElement {
  const level = levelName(log.levelNumber, log.level).toLowerCase()
  const known = /^(trace|debug|info|warn|error|fatal)$/.test(level) ? level : "none"
  const line = element(
    "details",
    { class: `log level-${known}` },
    element(
      "summary",
      {},
      element("time", { datetime: log.time }, spellTime(log.time)),
      element("span", { class: "level" }, level || "–"),
      element("span", { class: "service" }, log.service || "?"),
      element("span", { class: "body" }, firstLine(log.body || log.eventName || "")),
    ),
  )
  // Most are never opened.
  line.addEventListener(
    "toggle",
    () => line.open && line.childElementCount === 1 && line.append(details(log, place)),
  )
  return line
}

const firstLine = (body: string): string => body.slice(0, 500).split("\n", 1)[0] ?? ""

function details(log: ShownLog, place: Place): HTMLElement {
  const attributes = Object.fromEntries(
    Object.entries(log.attributes).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  )
  const here = place.view === "trace" && place.part === log.traceId
  return element(
    "div",
    { class: "log-details" },
    element("pre", {}, log.body),
    log.traceId !== "" &&
      !here &&
      element(
        "p",
        {},
        element(
          "a",
          {
            class: "button",
            href: linkTo("trace", changed(rangeOf(place.search), { span: log.spanId }), log.traceId),
          },
          "Show its trace",
        ),
      ),
    isException(attributes) && exceptionOf(attributes),
    Object.keys(attributes).length > 0 && [
      element("h3", {}, "Attributes"),
      attributeTable(attributes, "logs", "attr."),
    ],
    log.resource !== undefined && [
      element("h3", {}, "Resource"),
      attributeTable(log.resource, "logs", "resource."),
    ],
  )
}
