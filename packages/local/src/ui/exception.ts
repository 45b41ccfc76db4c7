// An exception: what it says, and the source lines it came through.
import { element } from "./element.ts"
import { type StackFrame, readFrames } from "./stack-frames.ts"

export const isException = (attributes: Readonly<Record<string, string>>): boolean =>
  ["exception.type", "exception.message", "exception.stacktrace"].some((name) => attributes[name])

export function exceptionOf(attributes: Readonly<Record<string, string>>): HTMLElement {
  const frames = readFrames(attributes["exception.parsed_stacktrace"] ?? "")
  const stack = attributes["exception.stacktrace"]
  return element(
    "section",
    { class: "exception" },
    element("h3", {}, attributes["exception.type"] || "exception"),
    element("p", {}, attributes["exception.message"]),
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
    if (frame.lines.length === 0) return element("li", { class: kind }, head)
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
      ),
    )
  })
}
