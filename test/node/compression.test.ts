// What is chosen by `compression`, and what arrives at a collector that reads the bytes itself: Zstandard where Node has
// it, and everything by gzip where it has not.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { runApp } from "./run-app.ts"
import { openInbox } from "./telemetry-inbox.ts"

const span = 'require("@opentelemetry/api").trace.getTracer("x").startSpan("x").end()'

const send = async (version: string, env: Record<string, string>) =>
  runApp("-e", [span], {
    nodeOptions: ["--import", "@clickstack/node/register"],
    node: await nodeBinary(version),
    env: {
      CLICKSTACK_COMPRESSION: "zstd",
      CLICKSTACK_METRICS_EXPORTER: "none",
      CLICKSTACK_EXIT_BUDGET: "20000",
      ...env,
    },
  })

/** Takes requests as they are, since the Node of the tests may not know Zstandard. */
async function openCollector() {
  const requests: { path: string; encoding: unknown; type: unknown; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { "content-encoding": encoding, "content-type": type } = request.headers
      requests.push({ path: request.url!, encoding, type, body: Buffer.concat(chunks) })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()))
  return { url, requests, [Symbol.asyncDispose]: close }
}

/** The body as a Node that has Zstandard reads it. */
async function decompressed(body: Buffer): Promise<string> {
  const code =
    'process.stdout.write(require("node:zlib").zstdDecompressSync(Buffer.from(process.argv[1], "hex")).toString("latin1"))'
  const { stdout } = await runApp("-e", [code, body.toString("hex")], { node: await nodeBinary("24") })
  return stdout
}

describe("zstd, on Node 24", () => {
  test.each([
    ["http/protobuf", "application/x-protobuf", "\n\x01x\x12"],
    ["http/json", "application/json", '"name":"x"'],
  ])("is what a collector gets by %s", async (protocol, type, part) => {
    await using collector = await openCollector()
    const ended = await send("24", {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    })
    expect(ended).toMatchObject({ code: 0, stderr: "" })
    expect(collector.requests).toMatchObject([{ path: "/v1/traces", encoding: "zstd", type }])
    expect(await decompressed(collector.requests[0]!.body)).toContain(part)
  })

  test("is gzip by gRPC, which says so", async () => {
    await using inbox = await openInbox()
    const ended = await send("24", {
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_ENDPOINT: inbox.receiver.grpcUrl!,
    })
    expect(ended.stderr).toBe(
      "clickstack: compression zstd (CLICKSTACK_COMPRESSION) is ignored: grpc takes gzip or none\n",
    )
    expect(inbox.received.traces).toHaveLength(1)
  })
})

test.each(["http/protobuf", "http/json"])(
  "zstd on a Node without it is one line, and everything arrives by gzip over %s",
  async (protocol) => {
    await using inbox = await openInbox()
    const ended = await send("20.19.0", {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: inbox.receiver.url!,
    })
    expect(ended).toMatchObject({
      code: 0,
      stderr:
        "clickstack: compression zstd (CLICKSTACK_COMPRESSION) is ignored: Node 20.19.0 has no zstd, gzip is used; set gzip, or run Node 22.15, 23.8 or later\n",
    })
    expect(inbox.received.traces).toHaveLength(1)
    expect(inbox.headers[0]).toMatchObject({ "content-encoding": "gzip" })
  },
)
