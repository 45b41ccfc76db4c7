// With and without the SDK, servers and clients of node:http say and hear the same bytes, and an app sees the same
// objects, listeners and events.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runApp } from "../node/run-app.ts"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const app = fileURLToPath(new URL("fixtures/bytes.mjs", import.meta.url))

test("every conversation is the same", async () => {
  const plain = await runApp(app, [], { node })
  const traced = await runApp(app, [], {
    node,
    nodeOptions: ["--import", "@clickstack/node/register"],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      CLICKSTACK_SPOOL: "false",
      CLICKSTACK_LOG_LEVEL: "none",
    },
  })
  expect(plain.code).toBe(0)
  expect(plain.stdout).toContain("HTTP/1.1 206 Partly")
  expect(traced.stdout).toBe(plain.stdout)
  expect(traced.code).toBe(0)
})
