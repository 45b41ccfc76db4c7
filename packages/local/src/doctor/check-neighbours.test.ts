import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, test } from "vitest"
import { checkNeighbours } from "./check-neighbours.ts"

const url = new URL("http://127.0.0.1:4318")

async function statuses(code: number) {
  const server = createServer((_request, response) => response.writeHead(code).end())
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const checks = await checkNeighbours(url, { grpc: port, health: port })
  server.close()
  return checks.map(({ name, status }) => [name, status])
}

test("a collector that is well, and one that is not ready", async () => {
  expect(await statuses(200)).toEqual([
    ["grpc port", "ok"],
    ["health", "ok"],
  ])
  expect(await statuses(503)).toEqual([
    ["grpc port", "ok"],
    ["health", "warning"],
  ])
})

test("where nothing listens, nothing fails", async () => {
  const checks = await checkNeighbours(url, { grpc: 1, health: 1 })
  expect(checks.map(({ status }) => status)).toEqual(["skipped", "skipped"])
  expect(checks[0]?.message).toBe("127.0.0.1:1 takes no connections; only OTLP over gRPC needs it")
})
