import { expect, test } from "vitest"
import { readFrames } from "./stack-frames.ts"

test("frames are shown innermost first, with numbered source lines", () => {
  const json = JSON.stringify({
    frames: [
      { filename: "node:internal/x", function: "run", lineno: 5, colno: 1, in_app: false },
      {
        filename: "/app/cart.js",
        function: "pay",
        lineno: 12,
        colno: 9,
        in_app: true,
        pre_context: ["a", "b"],
        context_line: "throw x",
        post_context: ["c"],
        vars: { card: "4242", items: [1] },
      },
    ],
  })
  expect(readFrames(json)).toEqual([
    {
      function: "pay",
      place: "/app/cart.js:12:9",
      inApp: true,
      lines: [
        { number: 10, text: "a", current: false },
        { number: 11, text: "b", current: false },
        { number: 12, text: "throw x", current: true },
        { number: 13, text: "c", current: false },
      ],
      variables: { card: "4242", items: "[1]" },
    },
    { function: "run", place: "node:internal/x:5:1", inApp: false, lines: [], variables: {} },
  ])
})

test.each(["", "null", "[]", "{", '{"frames":{}}', '{"frames":[]}', '{"frames":"x"}'])(
  "%j holds none",
  (json) => {
    expect(readFrames(json)).toBeUndefined()
  },
)

test("frames of wrong types do no harm", () => {
  const frames = [
    null,
    7,
    { filename: 7, function: {}, lineno: "1", pre_context: "x", context_line: "y", vars: 7 },
  ]
  expect(readFrames(JSON.stringify({ frames }))).toEqual([
    {
      function: "(anonymous)",
      place: "?",
      inApp: false,
      lines: [{ number: undefined, text: "y", current: true }],
      variables: {},
    },
  ])
})
