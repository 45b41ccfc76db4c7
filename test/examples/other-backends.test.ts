// The examples for Jaeger, Prometheus and Grafana Tempo: what the app sends with each file of variables, to a server
// that stands where the backend would.
import { readFileSync, writeFileSync } from "node:fs"
import { createServer, request } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { temporaryDirectory } from "../local/temporary.ts"
import { openInbox } from "../node/telemetry-inbox.ts"
import { runNode } from "../run-node.ts"

const directory = fileURLToPath(new URL("../../examples/other-backends/", import.meta.url))
const text = (name: string) => readFileSync(join(directory, name), "utf8")
const scratch = temporaryDirectory()

/** Runs the app with a file of variables, in which the port is that of a server of ours; `base` is what it serves. */
async function runWith(file: string, port: number, base: string) {
  await using inbox = await openInbox()
  const requests: string[] = []
  const server = createServer((incoming, outgoing) => {
    const { url = "", headers, method } = incoming
    requests.push(`${method} ${url} ${headers["content-type"]}`)
    // Elsewhere nothing is received, which fails the test.
    const target = { host: "127.0.0.1", port: inbox.receiver.httpPort, path: url.slice(base.length), method }
    incoming.pipe(
      request({ ...target, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const own = (server.address() as { port: number }).port
  const variables = text(file)
  expect(variables).toContain(`http://localhost:${port}`)
  const changed = join(scratch, file)
  writeFileSync(changed, variables.replaceAll(`http://localhost:${port}`, `http://127.0.0.1:${own}`))
  const args = [`--env-file=${changed}`, "--import", "@clickstack/node/register", "app.js"]
  const ended = await runNode(args, { cwd: directory })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(ended).toEqual({ code: 0, stdout: "one order taken\n", stderr: "" })
  return { requests: [...new Set(requests)], received: inbox.received }
}

test.each(["jaeger.env", "tempo.env"])("%s: the trace, and nothing else", async (file) => {
  const { requests, received } = await runWith(file, 4318, "")
  expect(requests).toEqual(["POST /v1/traces application/x-protobuf"])
  const spans = received.traces as { name: string }[]
  expect(spans.map(({ name }) => name).toSorted()).toEqual(["charge card", "take order"])
})

test("prometheus.env: metrics, cumulative, where Prometheus takes them, and nothing else", async () => {
  const { requests, received } = await runWith("prometheus.env", 9090, "/api/v1/otlp")
  expect(requests).toEqual(["POST /api/v1/otlp/v1/metrics application/x-protobuf"])
  const told = JSON.stringify(received.metrics)
  expect(told).toContain('"orders"')
  expect(told).toContain('"temporality":1')
  expect(told).not.toContain('"temporality":0')
})

test("tempo.yaml listens where tempo.env sends to, and prometheus.yaml is YAML", () => {
  const tempo = parse(text("tempo.yaml"))
  const { http, grpc } = tempo.distributor.receivers.otlp.protocols
  expect([http.endpoint, grpc.endpoint]).toEqual(["127.0.0.1:4318", "127.0.0.1:4317"])
  expect(parse(text("prometheus.yaml")).otlp.promote_resource_attributes).toContain(
    "deployment.environment.name",
  )
})
