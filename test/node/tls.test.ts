// Certificates of our own choosing: the collector's authority, and our certificate where it asks for one; from files and
// as PEM text, over HTTP and gRPC.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { createServer as createHttp2Server, createSecureServer } from "node:http2"
import type { AddressInfo, Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createServer as createTlsServer } from "node:tls"
import { startReceiver } from "@clickstack/receiver"
import { afterAll, describe, expect, test } from "vitest"
import { certificate } from "../receiver/certificate.ts"
import { runApp } from "./run-app.ts"

const directory = mkdtempSync(join(tmpdir(), "clickstack-tls-"))
afterAll(() => rmSync(directory, { recursive: true }))
const file = (name: string, content: string) => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

const authority = certificate("test authority")
const server = certificate("localhost", { hosts: ["localhost", "127.0.0.1"], issuer: authority })
const client = certificate("app", { issuer: authority })
const ours = {
  OTEL_EXPORTER_OTLP_CERTIFICATE: file("ca.pem", authority.cert),
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file("cert.pem", client.cert),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: file("key.pem", client.key),
}
const span = 'require("@opentelemetry/api").trace.getTracer("x").startSpan("x").end()'
const register = ["--require", "@clickstack/node/register"]

const told = async (env: Record<string, string>) => {
  const { stderr } = await runApp("-e", [span], {
    nodeOptions: register,
    // With a disk that keeps what cannot be sent, the first failure is the end.
    env: { ...env, CLICKSTACK_EXIT_BUDGET: "20000", XDG_STATE_HOME: directory },
  })
  return stderr
}

async function open() {
  const names: string[] = []
  const receiver = await startReceiver({
    httpPort: 0,
    grpcPort: 0,
    tls: { key: server.key, cert: server.cert, ca: authority.cert, requireClientCertificate: true },
    traces: (spans) => void names.push(...spans.map(({ name }) => name)),
  })
  return { receiver, names, [Symbol.asyncDispose]: () => receiver.close() }
}

describe.each(["http/protobuf", "grpc"])("%s", (protocol) => {
  const env = (receiver: { url: string | undefined; grpcUrl: string | undefined }) => ({
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: (protocol === "grpc" ? receiver.grpcUrl : receiver.url)!,
    CLICKSTACK_EXIT_BUDGET: "10000",
    // This receiver takes traces alone.
    CLICKSTACK_METRICS_EXPORTER: "none",
  })

  test("with files", async () => {
    await using inbox = await open()
    const ended = await runApp("-e", [span], {
      nodeOptions: register,
      env: { ...ours, ...env(inbox.receiver) },
    })
    expect(ended).toMatchObject({ code: 0, stderr: "" })
    expect(inbox.names).toEqual(["x"])
  })

  test("with PEM text in code", async () => {
    await using inbox = await open()
    const options = {
      certificate: authority.cert,
      clientCertificate: client.cert,
      clientKey: client.key,
      startupLine: false,
    }
    const code = `const sdk = require("@clickstack/node").init(JSON.parse(process.argv[1])); ${span}; sdk.shutdown()`
    const ended = await runApp("-e", [code, JSON.stringify(options)], { env: env(inbox.receiver) })
    expect(ended).toMatchObject({ code: 0, stderr: "" })
    expect(inbox.names).toEqual(["x"])
  })

  test("a certificate that is not trusted is one line that says what to do", async () => {
    await using inbox = await open()
    expect(await told(env(inbox.receiver))).toMatch(
      /^clickstack: traces to https:\S+: its certificate is not trusted; set certificate, or renew it/,
    )
  })

  test("a certificate of ours that is missing is one line that says what to do", async () => {
    await using inbox = await open()
    const { OTEL_EXPORTER_OTLP_CERTIFICATE } = ours
    expect(await told({ ...env(inbox.receiver), OTEL_EXPORTER_OTLP_CERTIFICATE })).toMatch(
      /^clickstack: traces to https:\S+: it asks for a certificate of ours; set clientCertificate and clientKey/,
    )
  })
})

const { key, cert } = server

test.each<[string, string, Server, RegExp]>([
  [
    "TLS without HTTP/2",
    "https",
    createTlsServer({ key, cert, ALPNProtocols: ["http/1.1"] }),
    /it does not speak HTTP\/2 there, which gRPC needs \(ERR_SSL/,
  ],
  [
    "TLS without ALPN, and not HTTP/2 either",
    "https",
    createTlsServer({ key, cert }, (socket) =>
      socket.on("error", () => undefined).end("HTTP/1.1 400\r\n\r\n"),
    ),
    /it does not speak gRPC there; is it https:\/\/ instead, or the port of OTLP over HTTP\?/,
  ],
  ["HTTP without TLS", "https", createHttpServer(), /it does not speak TLS there; is it http:\/\/ instead\?/],
  ["HTTP/2 without TLS", "https", createHttp2Server(), /TLS.*is it http:\/\/ instead\?/],
  ["TLS", "http", createSecureServer({ key, cert }), /check the scheme and the port of endpoint/],
])("gRPC to %s, as %s://, is one line that says what to do", async (_, scheme, listener, expected) => {
  listener.on("tlsClientError", () => undefined).on("sessionError", () => undefined)
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  const { port } = listener.address() as AddressInfo
  const stderr = await told({
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_ENDPOINT: `${scheme}://localhost:${port}`,
    OTEL_EXPORTER_OTLP_CERTIFICATE: ours.OTEL_EXPORTER_OTLP_CERTIFICATE,
    CLICKSTACK_METRICS_EXPORTER: "none",
  })
  listener.close()
  expect(stderr).toMatch(/^clickstack: traces to https?:\/\/localhost:\d+: /)
  expect(stderr).toMatch(expected)
})

test("a certificate file that is not there is one line that names it", async () => {
  await using inbox = await open()
  const env = {
    ...ours,
    OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem",
    OTEL_EXPORTER_OTLP_ENDPOINT: inbox.receiver.url!,
  }
  const { stderr } = await runApp("-e", [span], { nodeOptions: register, env })
  expect(stderr).toContain("certificate: the file /nowhere/ca.pem cannot be read (ENOENT)")
})

const stranger = certificate("stranger")

test.each([
  ["OTEL_EXPORTER_OTLP_CERTIFICATE", "nothing", /certificate: no certificate in PEM \(/],
  ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "nothing", /clientCertificate: no certificate in PEM \(/],
  ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "nothing", /clientKey: no private key in PEM \(/],
  ["OTEL_EXPORTER_OTLP_CLIENT_KEY", stranger.key, /clientKey: not that of clientCertificate \(/],
])("%s that is not right is one line that names it", async (name, content, expected) => {
  const env = {
    ...ours,
    [name]: file("wrong.pem", content),
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://localhost:9",
  }
  const stderr = await told({ ...env, CLICKSTACK_METRICS_EXPORTER: "none" })
  expect(stderr.split("\n")[0]).toMatch(/^clickstack: traces to https:.* kept on disk and sent later$/)
  expect(stderr).toMatch(expected)
})

test.each(["http/protobuf", "grpc"])("a certificate file that comes later, over %s", async (protocol) => {
  await using inbox = await open()
  const path = join(directory, `later-${protocol.replace("/", "-")}.pem`)
  const code = `
    const sdk = require("@clickstack/node").init({ startupLine: false, logLevel: "none", metrics: false })
    ${span}
    const look = setInterval(async () => {
      if (sdk.stats().traces[0].lastError === undefined) return
      clearInterval(look)
      require("node:fs").copyFileSync(${JSON.stringify(ours.OTEL_EXPORTER_OTLP_CERTIFICATE)}, ${JSON.stringify(path)})
      await sdk.flush()
    }, 20)`
  const ended = await runApp("-e", [code], {
    env: {
      ...ours,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_CERTIFICATE: path,
      OTEL_EXPORTER_OTLP_ENDPOINT: (protocol === "grpc" ? inbox.receiver.grpcUrl : inbox.receiver.url)!,
      CLICKSTACK_TRACES_DELAY: "50",
    },
  })
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  expect(inbox.names).toEqual(["x"])
})

const renewedApp = (path: string) => `
  const { copyFileSync } = require("node:fs")
  const sdk = require("@clickstack/node").init({ startupLine: false, metrics: false })
  const tracer = require("@opentelemetry/api").trace.getTracer("x")
  tracer.startSpan("first").end()
  const look = setInterval(async () => {
    if (sdk.stats().traces[0].lastError === undefined) return
    clearInterval(look)
    for (const end of ["cert", "key"]) copyFileSync(${JSON.stringify(directory)} + "/" + end + ".pem", "${path}-" + end + ".pem")
    tracer.startSpan("second").end()
    await sdk.flush()
  }, 20)`

test.each(["http/protobuf", "grpc"])(
  "a certificate of ours that is renewed in its file, over %s",
  async (protocol) => {
    await using inbox = await open()
    const name = `renewed-${protocol.replace("/", "-")}`
    const ended = await runApp("-e", [renewedApp(join(directory, name))], {
      env: {
        ...ours,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file(`${name}-cert.pem`, stranger.cert),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: file(`${name}-key.pem`, stranger.key),
        OTEL_EXPORTER_OTLP_ENDPOINT: (protocol === "grpc" ? inbox.receiver.grpcUrl : inbox.receiver.url)!,
        CLICKSTACK_TRACES_DELAY: "50",
      },
    })
    expect(ended.code).toBe(0)
    expect(inbox.names).toEqual(["first", "second"])
  },
)
