// A request that is under way holds no process that has nothing else to do, whatever the other side does with it.
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { runApp } from "../node/run-app.ts"
import { startTroubledProxy } from "./troubled-proxy.ts"

const dist = (name: string) =>
  JSON.stringify(fileURLToPath(new URL(`../../packages/node/dist/${name}.js`, import.meta.url)))

const protocols = {
  http: `require(${dist("http-transport")}).createHttpTransport(connection, () => undefined)`,
  grpc: `require(${dist("grpc-transport")}).createGrpcTransport("traces", connection, () => undefined)`,
}

// Its deadline comes long after this test would have ended the process.
const send = (transport: string, endpoint: string, bytes: number) => `
  const connection = { endpoint: ${JSON.stringify(endpoint)}, headers: {}, compression: "none", timeout: 100000 }
  ${transport}.send(Buffer.alloc(${bytes})).catch(() => undefined)
  process.on("exit", () => console.log("ended by itself"))`

describe.each(Object.entries(protocols))("%s", (_, transport) => {
  test.each([
    ["never answers", "stall", "http://127.0.0.1", 100],
    ["reads nothing", "stall", "http://127.0.0.1", 20_000_000],
    ["never answers, and one address of its name refuses", "stall", "http://localhost", 100],
    ["never ends the TLS handshake", "stall", "https://127.0.0.1", 100],
    ["swallows the connection's first packet", "black hole", "http://127.0.0.1", 100],
  ] as const)("%s", async (_name, kind, origin, bytes) => {
    await using proxy = await startTroubledProxy(() => 9)
    await proxy.become({ kind })
    const ended = await runApp("-e", [send(transport, `${origin}:${proxy.port}`, bytes)])
    expect(ended).toEqual({ code: 0, signal: null, stdout: "ended by itself\n", stderr: "" })
  })
})
