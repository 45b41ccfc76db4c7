// Tokens of known makers, each in another place of one app: hidden on the wire, and all there when redaction is off.
import { fileURLToPath } from "node:url"
import { captureProcess } from "@clickstack/testing"
import { expect, test } from "vitest"

const app = fileURLToPath(new URL("fixtures/tokens.cjs", import.meta.url))

async function run(env: Record<string, string> = {}) {
  const { code, stderr, spans, logs } = await captureProcess(app, { timeout: 60_000, env })
  expect(code).toBe(0)
  const line = stderr.split("\n").find((one) => one.startsWith("tokens "))!
  return { tokens: JSON.parse(line.slice(7)) as Record<string, string>, spans, logs }
}

test("tokens without a name are not on the wire, from wherever a text was recorded", async () => {
  const { tokens, spans, logs } = await run()
  const sent = JSON.stringify([spans, logs])
  expect(Object.keys(tokens).filter((place) => sent.includes(tokens[place]!))).toEqual([])
  for (const text of ["push", "charged by", "refused", "cannot publish by", "posted by", "asked by"]) {
    expect(sent).toContain(`${text} [REDACTED]`)
  }
})

test("tokens without a name are all there where redaction is off", async () => {
  const { tokens, spans, logs } = await run({ CLICKSTACK_REDACT: "false" })
  const sent = JSON.stringify([spans, logs])
  expect(Object.keys(tokens).filter((place) => !sent.includes(tokens[place]!))).toEqual([])
})
