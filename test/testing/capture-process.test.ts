// captureProcess() with real scripts, and connect() with a service that runs by itself.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { captureProcess, connect } from "@clickstack/testing"
import "@clickstack/testing/vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"

const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url)
const order = `
  POST /orders  server
    log info "order placed"`

describe.each(["order.mjs", "order.cjs"])("%s", (name) => {
  test.each([
    { preload: "import" },
    { preload: "require" },
    { protocol: "grpc" },
    { protocol: "http/json" },
  ] as const)("with %o", async (options) => {
    const run = await captureProcess(fixture(name), options)
    expect(run).toHaveTrace(order)
    expect(run).toMatchObject({ code: 0, signal: null, stdout: "placed\n" })
  })
})

test("gives output, exit code and timing, and takes arguments and variables", async () => {
  const run = await captureProcess(fixture("order.mjs"), {
    args: ["3"],
    env: { GREETING: "hello", OTEL_SERVICE_NAME: "shop", OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a" },
  })
  expect(run).toMatchObject({ code: 3, signal: null, stdout: "placed\n", stderr: "hello\n" })
  expect(run.took).toBeGreaterThan(10)
  expect(run.find("POST /orders")?.service).toBe("shop")
  expect(run.headers[0]).toMatchObject({ "x-tenant": "a" })
})

test("what configures this process's telemetry does not reach the script", async () => {
  process.env["OTEL_TRACES_EXPORTER"] = "none"
  try {
    expect((await captureProcess(fixture("order.mjs"))).spans).toHaveLength(1)
  } finally {
    delete process.env["OTEL_TRACES_EXPORTER"]
  }
})

test("without the SDK, nothing is sent", async () => {
  const run = await captureProcess(fixture("order.mjs"), { preload: false })
  expect(run).toMatchObject({ code: 0, spans: [], logs: [] })
})

test("TypeScript, by a Node.js that reads it", async () => {
  const run = await captureProcess(fixture("order.ts"), { node: await nodeBinary("24") })
  expect(run).toHaveTrace(order)
})

describe.runIf(process.versions.node.startsWith("20."))("TypeScript, by one that does not", () => {
  test("through tsx, where the script's package has it", async () => {
    expect((await captureProcess(fixture("order.ts"))).tree()).toBe(
      'POST /orders  server\n  log info "order placed"\n',
    )
  })

  test("says what to do, where it has not", async () => {
    const directory = mkdtempSync(join(tmpdir(), "clickstack-typescript-"))
    const script = join(directory, "order.ts")
    writeFileSync(script, "")
    // pnpm's NODE_PATH would find the workspace's tsx from everywhere.
    const env = { NODE_PATH: undefined }
    const { stdout } = await captureProcess(fixture("no-tsx.mjs"), { args: [script], env, preload: false })
    rmSync(directory, { recursive: true })
    expect(stdout).toMatch(
      /^PACKAGE_MISSING .*order\.ts is TypeScript, .* use 22\.18 or newer, or npm install tsx\n$/,
    )
  })
})

test("what runs can be talked to, watched and stopped", async () => {
  const run = await captureProcess(fixture("service.mjs"), {
    during: async (service) => {
      await service.printed("ready")
      service.write("work\n")
      await service.printed(/did work/)
      service.kill("SIGTERM")
    },
  })
  expect(run).toMatchObject({ code: 7, stdout: "ready\ndid work\n" })
  expect(run).toHaveTrace("work\nstop")
})

test("a script that does not end is killed, and told", async () => {
  await expect(
    captureProcess(fixture("service.mjs"), { timeout: 300, during: () => {} }),
  ).rejects.toMatchObject({
    code: "TIMED_OUT",
    message: expect.stringMatching(
      /service\.mjs did not end within 300 ms and was killed; it printed:\n(ready\n)?$/,
    ),
  })
})

test("a script that is not there is named", async () => {
  await expect(captureProcess("nothing.mjs")).rejects.toMatchObject({ code: "SCRIPT_MISSING" })
})

test("connect() hears a service that runs by itself", async () => {
  await using telemetry = await connect({ port: 0 })
  const register = fileURLToPath(import.meta.resolve("@clickstack/node/register"))
  const service = spawn(process.execPath, ["--import", register, fileURLToPath(fixture("service.mjs"))], {
    env: { PATH: process.env["PATH"], HOME: "", ...telemetry.env, OTEL_SERVICE_NAME: "service" },
    stdio: ["pipe", "ignore", "ignore"],
  })
  try {
    service.stdin.write("work\n")
    await telemetry.waitFor("work  service.name=service")
    expect((await telemetry.trace()).tree()).toBe("work\n")
    await expect(telemetry.waitFor("rest", { timeout: 30 })).rejects.toMatchObject({
      code: "TIMED_OUT",
      message: expect.stringContaining("~ rest     | work") as unknown,
    })
  } finally {
    service.kill("SIGKILL")
    await once(service, "close")
  }
})

test("connect() takes gRPC, too, and other addresses of this machine", async () => {
  await using telemetry = await connect({ port: 0, grpcPort: 0, host: "0.0.0.0" })
  const { code } = await captureProcess(fixture("order.mjs"), {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.grpcUrl?.replace("0.0.0.0", "127.0.0.1"),
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    },
  })
  expect(code).toBe(0)
  expect(await telemetry.waitFor("POST /orders  server")).toMatchObject({ kind: "server" })
  expect(telemetry.headers.length).toBeGreaterThan(0)
})
