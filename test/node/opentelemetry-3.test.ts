// Our processors, delivery and exporters under OpenTelemetry 3.1's providers, on Node 24, which 3.1 needs. The workspace
// itself is installed with Node 20 and cannot hold it, so npm brings both on the first run.
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { npmInstall } from "./packed.ts"
import { runApp } from "./run-app.ts"
import { comparable, openInbox } from "./telemetry-inbox.ts"

const version = "3.1.1"
const packages = ["context-async-hooks", "resources", "sdk-logs", "sdk-metrics", "sdk-trace"]
const directory = join(tmpdir(), `clickstack-test-opentelemetry-${version}`)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
let node: string

beforeAll(async () => {
  node = await nodeBinary("24")
  mkdirSync(directory, { recursive: true })
  if (!existsSync(join(directory, "node_modules", "@opentelemetry", "sdk-trace"))) {
    await npmInstall(directory, [
      "@opentelemetry/api@1.10.0",
      ...packages.map((name) => `@opentelemetry/${name}@${version}`),
    ])
  }
  copyFileSync(here("fixtures/contract-3.mjs"), join(directory, "contract-3.mjs"))
}, 180_000)

test.each(["http/protobuf", "http/json", "grpc"])("over %s", async (protocol) => {
  await using inbox = await openInbox()
  const endpoint = protocol === "grpc" ? inbox.receiver.grpcUrl! : inbox.receiver.url!
  const ended = await runApp(
    join(directory, "contract-3.mjs"),
    [here("../../packages/node/dist"), here("../dist"), endpoint, protocol],
    { node },
  )
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  const captured = JSON.parse(ended.stdout)
  expect(captured.traces).toHaveLength(22)
  expect(captured.logs).toHaveLength(3)
  expect(captured.metrics).toHaveLength(1)
  const { traces, logs } = JSON.parse(JSON.stringify(inbox.received))
  expect({ traces, logs }).toEqual({ traces: captured.traces, logs: captured.logs })
  expect(comparable(inbox.received)).toEqual(comparable(captured))
})
