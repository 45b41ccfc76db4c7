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
  for (const name of ["contract-3.mjs", "context-3.mjs"]) {
    copyFileSync(here(`fixtures/${name}`), join(directory, name))
  }
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

test("sessions, attributes of a trace, the names that the UI reads, and headers", async () => {
  const ended = await runApp(join(directory, "context-3.mjs"), [here("../../packages/node/dist")], { node })
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  const { spans, logs, headers } = JSON.parse(ended.stdout)
  const attributes = { "session.id": "came", "user.id": "u1", tenant: "acme" }
  expect(spans).toEqual([
    { name: "inner", attributes, status: 0 },
    {
      name: "GET /",
      attributes: {
        ...attributes,
        "http.request.method": "GET",
        "url.path": "/",
        "http.response.status_code": 500,
        "http.method": "GET",
        "http.url": "/",
        "http.status_code": 500,
        "http.status_text": "Internal Server Error",
      },
      status: 2,
    },
    { name: "job", attributes: { "session.id": "named" }, status: 0 },
  ])
  expect(logs).toEqual([{ body: "hello", attributes }])
  expect(headers).toEqual({
    traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/),
    tracestate: "a=1",
    baggage: "session.id=came,user.id=u1",
  })
})
