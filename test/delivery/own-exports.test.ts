// What the SDK sends makes no telemetry itself, also where the app uses the very modules that it is sent with, and all
// of them are traced.
import { expect, test } from "vitest"
import { runApp } from "../node/run-app.ts"
import { openInbox } from "../node/telemetry-inbox.ts"

const app = `
  const sdk = require("@clickstack/node").init({
    startupLine: false,
    metrics: false,
    capture: { bodies: "both" },
    instrumentation: { net: true, dns: true, grpc: process.argv[1] === "with grpc" },
  })
  const http2 = require("node:http2")
  const http = require("node:http")
  const tracer = require("@opentelemetry/api").trace.getTracer("app")
  const server = http2.createServer((_, response) => response.end("hi")).listen(0, "127.0.0.1", async () => {
    const session = http2.connect("http://127.0.0.1:" + server.address().port)
    for (const name of ["one", "two", "three"]) {
      tracer.startSpan(name).end()
      await sdk.flush()
      await new Promise((done) => session.request({ ":path": "/" }).on("close", done).resume())
    }
    await sdk.flush()
    session.close()
    server.close()
  })`

test.each([
  ["grpc", "with grpc"],
  ["grpc", "without grpc"],
  ["http/protobuf", "with grpc"],
])("over %s, %s", async (protocol, argument) => {
  await using inbox = await openInbox()
  const { grpcUrl, url } = inbox.receiver
  const ended = await runApp("-e", [app, argument], {
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: (protocol === "grpc" ? grpcUrl : url)!,
    },
  })
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  const names = (inbox.received.traces as { name: string }[]).map(({ name }) => name)
  // The server's and the client's side of each request, and the one connection that the app makes.
  const requests = Array.from({ length: 6 }, () => "GET")
  expect(names.toSorted()).toEqual([...requests, "dns.lookup", "one", "tcp.connect", "three", "two"])
})
