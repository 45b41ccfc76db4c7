import { expect, test } from "vitest"
import { createSay } from "./stderr.ts"

test("says the same trouble once a minute, each time as one line", () => {
  const lines: string[] = []
  let time = 0
  const say = createSay(
    "warn",
    (line) => lines.push(line),
    () => time,
  )
  say("warn", "down", "collector\n  is down")
  time = 59_999
  say("warn", "down", "still down")
  say("error", "other", "other")
  time = 60_000
  say("warn", "down", "down again")
  expect(lines).toEqual([
    "clickstack: collector is down\n",
    "clickstack: other\n",
    "clickstack: down again\n",
  ])
})

test.each([
  ["none", []],
  ["error", ["error"]],
  ["info", ["error", "warn", "info"]],
  ["all", ["error", "warn", "info", "debug", "verbose"]],
] as const)("the level %s lets through %j", (level, expected) => {
  const lines: string[] = []
  const say = createSay(level, (line) => lines.push(line.slice("clickstack: ".length, -1)))
  for (const one of ["error", "warn", "info", "debug", "verbose"] as const) say(one, one, one)
  expect(lines).toEqual(expected)
})
