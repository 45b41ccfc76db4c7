// The agent in front of the gateway: the original bytes go on, and who sent them hears the gateway's answer.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { startLocal } from "@clickstack/local"
import { expect, test, vi } from "vitest"
import { logs, post } from "./otlp.ts"
import { clickstack, startClickstack } from "./run-clickstack.ts"
import { temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()

interface Seen {
  path: string | undefined
  type: string | undefined
  key: string | undefined
  body: string
}

interface Reply {
  status: number
  headers?: Record<string, string>
  body?: string
}

/** An endpoint that notes what it gets, and answers as it is told. */
async function startEndpoint(reply: () => Reply) {
  const seen: Seen[] = []
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { "content-type": type, authorization: key } = request.headers
    seen.push({ path: request.url, type, key, body: Buffer.concat(chunks).toString() })
    const { status, headers = {}, body = "" } = reply()
    response.writeHead(status, { "content-type": type ?? "", ...headers }).end(body)
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, seen, close: () => server.close() }
}

test("passes on the bytes as they came, with its own key", async () => {
  const endpoint = await startEndpoint(() => ({ status: 200, body: "{}" }))
  await using agent = await startLocal({
    forward: { url: `${endpoint.url}/otlp/`, headers: { authorization: "its-own" } },
    httpPort: 0,
    grpcPort: 0,
  })
  // Fields that nobody knows and odd spacing would not survive decoding.
  const payload = `{ "resourceLogs" : [],   "unknown": 1 }`
  const answer = await fetch(`${agent.otlp.http}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": "gzip", authorization: "the-senders" },
    body: gzipSync(payload),
  })
  expect(answer.status).toBe(200)
  expect(endpoint.seen).toEqual([
    { path: "/otlp/v1/logs", type: "application/json", key: "its-own", body: payload },
  ])
  await expect(agent.query("SELECT 1")).rejects.toMatchObject({ code: "NOT_STORING" })
  expect(agent.url).toBeUndefined()
  endpoint.close()
})

test.each([
  [
    { status: 429, headers: { "retry-after": "7" } },
    { status: 503, retryAfter: "7" },
  ],
  [{ status: 503 }, { status: 503, retryAfter: "1" }],
  [{ status: 401 }, { status: 503, retryAfter: "1" }],
  [{ status: 400 }, { status: 400, retryAfter: null }],
  [
    { status: 302, headers: { location: "http://127.0.0.1:1/" } },
    { status: 503, retryAfter: "1" },
  ],
])("an answer %j of the gateway becomes %j", async (reply: Reply, expected) => {
  const endpoint = await startEndpoint(() => reply)
  await using agent = await startLocal({ forward: endpoint.url, httpPort: 0, grpcPort: false })
  const { status, headers } = await post(agent.otlp.http, "logs", logs([{ body: "x" }]))
  expect({ status, retryAfter: headers.get("retry-after") }).toEqual(expected)
  endpoint.close()
})

test("a partial success comes back to the sender", async () => {
  const partialSuccess = { rejectedLogRecords: "3", errorMessage: "too old" }
  const endpoint = await startEndpoint(() => ({ status: 200, body: JSON.stringify({ partialSuccess }) }))
  await using agent = await startLocal({ forward: endpoint.url, httpPort: 0, grpcPort: false })
  const { body } = await post(agent.otlp.http, "logs", logs([{ body: "x" }]))
  expect(body).toEqual({ partialSuccess })
  endpoint.close()
})

test(
  "nothing is lost while the gateway is killed and restarted under load, and at most one batch a kill is there twice",
  { timeout: 180_000 },
  async () => {
    const start = (port: string) =>
      startClickstack(["--http-port", port, "--grpc-port", "0", "--ui-port", "0"], { cwd: join(cwd) })
    let gateway = await start("0")
    const port = new URL(gateway.http).port
    const agent = await startClickstack(["--forward", gateway.http], { cwd })
    const kills = 3
    const batches = 120
    const batchSize = 20

    // One sender, one batch at a time, that repeats what it was told to repeat: what OpenTelemetry's senders do.
    let sent = 0
    const sending = (async () => {
      for (; sent < batches; sent++) {
        const batch = logs(
          Array.from({ length: batchSize }, (_, index) => ({ body: `batch ${sent} log ${index}` })),
        )
        for (let tries = 0; ; tries++) {
          const { status } = await post(agent.http, "logs", batch)
          if (status === 200) break
          if (status !== 503 || tries > 3000) throw new Error(`the agent answered ${status}`)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    })()
    for (let kill = 1; kill <= kills; kill++) {
      await vi.waitFor(() => expect(sent).toBeGreaterThan((batches / (kills + 1)) * kill), 60_000)
      await gateway.end("SIGKILL")
      gateway = await start(port)
    }
    await sending
    await agent.end()
    await gateway.end()

    await using data = await startLocal({
      dir: join(cwd, ".clickstack"),
      httpPort: 0,
      grpcPort: 0,
      uiPort: 0,
    })
    const [counts] = await data.query<{ all: number; different: number }>(
      "SELECT count() AS all, uniqExact(Body) AS different FROM otel_logs",
    )
    expect(counts?.different).toBe(batches * batchSize)
    expect(counts?.all).toBeLessThanOrEqual((batches + kills) * batchSize)
  },
)

test("the same from an app with the SDK: every span of it is there", { timeout: 180_000 }, async () => {
  const dir = join(cwd, "sdk")
  const start = (port: string) =>
    startClickstack(["--dir", dir, "--http-port", port, "--grpc-port", "0", "--ui-port", "0"], { cwd })
  let gateway = await start("0")
  const port = new URL(gateway.http).port
  const agent = await startClickstack(["--forward", gateway.http], { cwd })
  // On a busy machine the gateway may need longer for the last spans than the two seconds that are usual.
  const app = spawn(process.execPath, ["--import", "@clickstack/node/register", "steady-app.mjs"], {
    cwd: fileURLToPath(new URL("fixtures", import.meta.url)),
    env: {
      PATH: process.env["PATH"],
      HOME: "",
      CLICKSTACK_ENDPOINT: agent.http,
      CLICKSTACK_TRACES_DELAY: "50",
      CLICKSTACK_EXIT_BUDGET: "30000",
    },
    stdio: ["pipe", "pipe", "ignore"],
  })
  let said = ""
  app.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(app, "close")
  const stored = async () => {
    const { traces } = (await (await fetch(`${gateway.api}/api/traces?from=1h&limit=500`)).json()) as {
      traces: unknown[]
    }
    return traces.length
  }
  await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(20), 60_000)
  for (let kill = 0; kill < 2; kill++) {
    const before = await stored()
    await gateway.end("SIGKILL")
    gateway = await start(port)
    await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(before), 60_000)
  }
  app.stdin.end()
  expect(await ended).toEqual([0, null])
  await agent.end()
  await gateway.end()

  const count = "SELECT uniqExact(SpanName) AS different, count() AS all FROM otel_traces"
  const { stdout } = await clickstack(["sql", "--dir", dir, "--format", "json", "-q", count], { cwd })
  const found = JSON.parse(stdout) as { different: number; all: number }
  const issued = Number(said)
  expect(issued).toBeGreaterThan(40)
  expect(found.different).toBe(issued)
  // A batch that was stored when the gateway was killed, but not yet answered, is sent once more.
  expect(found.all).toBeLessThan(issued + 2 * 512)
})
