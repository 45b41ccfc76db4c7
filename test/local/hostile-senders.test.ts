// FAULTS G1 to G4 once more, through `clickstack` as a process: what is hostile or broken is refused, and others are
// served meanwhile.
import { type Socket, connect } from "node:net"
import { gzipSync } from "node:zlib"
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { logs, post } from "./otlp.ts"
import { type Running, startClickstack } from "./run-clickstack.ts"
import { temporaryDirectory } from "./temporary.ts"

let local: Running
const cwd = temporaryDirectory()

beforeAll(async () => {
  local = await startClickstack(["--memory"], { cwd })
})
afterAll(() => local.end())

const send = (body: Uint8Array, headers: Record<string, string>) =>
  fetch(`${local.http}/v1/logs`, { method: "POST", headers, body: body as Uint8Array<ArrayBuffer> })

const protobuf = { "content-type": "application/x-protobuf" }
const json = { "content-type": "application/json" }

const othersAreServed = async () =>
  expect((await post(local.http, "logs", logs([{ body: "another one" }]))).status).toBe(200)

const memoryMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${local.process.pid}/status`, "utf8"))?.[1] ?? 0) / 1024

test.runIf(process.platform === "linux")(
  "G1: a small gzip that grows to 1 GB is refused, in little memory",
  async () => {
    await othersAreServed()
    const bomb = gzipSync(Buffer.alloc(1024 * 1024 * 1024), { level: 6 })
    const before = memoryMb()
    let peak = before
    const timer = setInterval(() => (peak = Math.max(peak, memoryMb())), 5)
    const { status } = await send(bomb, { ...json, "content-encoding": "gzip" })
    clearInterval(timer)
    expect(status).toBe(413)
    expect(Math.max(peak, memoryMb()) - before).toBeLessThan(100)
    await othersAreServed()
  },
)

test.each([
  ["truncated protobuf", Buffer.from([0x0a, 0x20, 0x12]), protobuf],
  ["a length of 2^60", Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]), protobuf],
  ["an unknown group without end", Buffer.from([0x9b, 0x06, 0x08, 0x01]), protobuf],
  ["invalid JSON", Buffer.from('{"resourceLogs": ['), json],
  ["a wrong type", Buffer.from('{"resourceLogs": [{"scopeLogs": 1}]}'), json],
  [
    "values nested 10,000 deep",
    Buffer.from(
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(10_000)}${"]}}".repeat(10_000)}}]}]}]}`,
    ),
    json,
  ],
])("G2, G3: %s gets 400 with a message", async (_name, body, headers) => {
  const answer = await send(body, headers)
  expect(answer.status).toBe(400)
  expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0)
  await othersAreServed()
})

test("G3: ids in hex, int64 as strings, and unknown fields are taken", async () => {
  const payload = {
    unknown: [{ nested: 1 }],
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                traceId: "5B8EFFF798038103D269B633813FC60C",
                timeUnixNano: `${Date.now()}000000`,
                body: { intValue: "9007199254740993" },
                new: true,
              },
            ],
          },
        ],
      },
    ],
  }
  expect((await post(local.http, "logs", payload)).status).toBe(200)
  const found = await fetch(`${local.api}/api/logs?trace=5b8efff798038103d269b633813fc60c`)
  const { logs: rows } = (await found.json()) as { logs: { body: string }[] }
  expect(rows.map(({ body }) => body)).toEqual(["9007199254740993"])
})

test("G4: 2,000 idle sockets and slow ones keep nobody waiting, and are closed within a minute", async () => {
  const { hostname, port } = new URL(local.http)
  let closed = 0
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket))
      // More than it takes at once are closed at the door. Who does not read does not see the end.
      socket.on("error", () => {}).resume()
      socket.on("close", () => {
        closed++
        resolve(socket)
      })
    })
  const sockets = await Promise.all(Array.from({ length: 2_000 }, open))
  sockets[0]?.write("POST /v1/logs HTTP/1.1\r\nhost: 127.0.0.1\r\n")
  sockets[1]?.write(
    "POST /v1/logs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
  )
  await othersAreServed()
  await vi.waitFor(() => expect(closed).toBe(sockets.length), { timeout: 70_000, interval: 500 })
  await othersAreServed()
}, 120_000)
