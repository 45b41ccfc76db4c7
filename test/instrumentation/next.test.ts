// Next.js as it is built and started in production, with init() in its instrumentation.js: a page and a route handler.
import { execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { connect } from "@clickstack/testing"
import { beforeAll, expect, test } from "vitest"
import { npmInstall, pack } from "../node/packed.ts"
import { installApp } from "./installed-app.ts"
import { next } from "./library-table.ts"
import { freePort } from "./servers/start-server.ts"

const exec = promisify(execFile)
const bin = "node_modules/next/dist/bin/next"
const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], NEXT_TELEMETRY_DISABLED: "1" }
let directory: string

beforeAll(async () => {
  directory = await installApp("next", next)
  // Its bundler follows no links out of the app: ours is installed as people install it.
  const packed = mkdtempSync(join(tmpdir(), "clickstack-packed-"))
  rmSync(join(directory, "node_modules/@clickstack"), { recursive: true, force: true })
  rmSync(join(directory, "package-lock.json"), { force: true })
  rmSync(join(directory, "node_modules/.package-lock.json"), { force: true })
  await npmInstall(directory, [await pack(fileURLToPath(new URL("../..", import.meta.url)), "node", packed)])
  rmSync(packed, { recursive: true })
  await exec(process.execPath, [bin, "build"], { cwd: directory, env })
}, 300_000)

test.each([
  ["a page", "/orders/7?from=page", "GET /orders/[id]"],
  ["a route handler", "/api/orders/7", "GET /api/orders/[id]"],
])("next, %s", async (_, path, name) => {
  await using sent = await connect({ port: 0 })
  const port = await freePort()
  const child = spawn(process.execPath, [bin, "start", "-p", `${port}`, "-H", "127.0.0.1"], {
    cwd: directory,
    env: { ...env, ...sent.env },
    stdio: ["ignore", "pipe", "ignore"],
  })
  try {
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    while (!output.includes("Ready")) await once(child.stdout, "data")
    const traceId = randomBytes(16).toString("hex")
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { traceparent } })
    expect(answer.status).toBe(200)
    await answer.text()
    // Next's own, named by the route; it is in the caller's trace, whether or not node:http has a span above it.
    const routed = await sent.waitFor(
      ({ spans }) => spans.find((each) => each.traceId === traceId && each.name === name),
      { timeout: 20_000 },
    )
    expect([routed.kind, routed.attributes["http.route"]]).toEqual(["server", name.slice("GET ".length)])
    expect(sent.spans.map((span) => span.name).filter((each) => each.includes("7"))).toEqual([])
    child.kill("SIGTERM")
    await once(child, "exit")
  } finally {
    child.kill("SIGKILL")
  }
})
