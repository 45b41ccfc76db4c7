// An exception: what it says, what led to it, and the source lines it came through.
import { type StackFrame, readFrames } from "../show/stack-frames.ts"
import { attributeTable } from "./attributes.ts"
import { element } from "./element.ts"

export const isException = (attributes: Readonly<Record<string, string>>): boolean =>
  ["exception.type", "exception.message", "exception.stacktrace"].some((name) => attributes[name])

/** What the app said beside it. */
export const besidesException = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith("exception.")))

export function exceptionOf(attributes: Readonly<Record<string, string>>): HTMLElement {
  const frames = readFrames(attributes["exception.parsed_stacktrace"] ?? "")
  const stack = attributes["exception.stacktrace"]
  const cause = attributes["exception.cause"]
  return element(
    "section",
    { class: "exception" },
    element("h3", {}, attributes["exception.type"] || "exception"),
    element("p", {}, attributes["exception.message"]),
    cause ? element("p", { class: "cause" }, `caused by ${cause}`) : undefined,
    frames !== undefined && element("ol", { class: "frames" }, showFrames(frames)),
    frames === undefined && stack ? element("pre", {}, stack) : undefined,
  )
}

function showFrames(frames: readonly StackFrame[]): HTMLElement[] {
  // Open where the app itself was last.
  const opened = Math.max(
    0,
    frames.findIndex((frame) => frame.inApp && frame.lines.length > 0),
  )
  return frames.map((frame, index) => {
    const head = [element("strong", {}, frame.function), " ", element("code", {}, frame.place)]
    const kind = frame.inApp ? "frame app" : "frame"
    const variables = Object.keys(frame.variables).length > 0
    if (frame.lines.length === 0 && !variables) return element("li", { class: kind }, head)
    return element(
      "li",
      { class: kind },
      element(
        "details",
        { open: index === opened },
        element("summary", {}, head),
        element(
          "div",
          { class: "source" },
          frame.lines.map(({ number, text, current }) =>
            element(
              "div",
              { class: current ? "source-line current" : "source-line" },
              element("span", { class: "line-number" }, number),
              element("code", {}, text === "" ? " " : text),
            ),
          ),
        ),
        variables && attributeTable(frame.variables),
      ),
    )
  })
}
