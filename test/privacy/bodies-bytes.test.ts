// With and without bodies captured, servers and clients say and hear the same bytes, and an app sees the same returned
// values, callbacks, events and errors, in the same order.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runApp } from "../node/run-app.ts"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const app = fileURLToPath(new URL("../instrumentation/fixtures/bodies.mjs", import.meta.url))

test("capturing bodies changes none, and nothing else", { timeout: 600_000 }, async () => {
  const plain = await runApp(app, [], { node, timeout: 240_000 })
  const captured = await runApp(app, [], {
    node,
    timeout: 240_000,
    nodeOptions: ["--import", "@clickstack/node/register"],
    env: {
      CLICKSTACK_CAPTURE_BODIES: "both",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      CLICKSTACK_SPOOL: "false",
      CLICKSTACK_LOG_LEVEL: "none",
    },
  })
  expect(plain.code).toBe(0)
  expect(plain.stdout).toContain("fastify /stream")
  expect(captured.stdout.split("\n")).toEqual(plain.stdout.split("\n"))
  expect(captured).toEqual(plain)
})
