// Faults at hand: a destination that fails, hangs, slows down and rejects, and a wire between a sender and its receiver.
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { trace } from "@opentelemetry/api"
import { describe, expect, test } from "vitest"
import { init } from "@clickstack/node"
import { faulty, memory, startWireProxy } from "@clickstack/testing"

describe("faulty()", () => {
  /** An app whose spans go into the faulty destination, one by one. */
  async function app(
    use: (parts: { made: (name: string) => void } & ReturnType<typeof start>) => Promise<void>,
  ) {
    const parts = start()
    try {
      await use({ ...parts, made: (name) => trace.getTracer("app").startSpan(name).end() })
    } finally {
      parts.destination.heal()
      await parts.clickstack.shutdown()
    }
  }

  function start() {
    const { telemetry, ...kept } = memory()
    const destination = faulty(kept)
    const clickstack = init({
      destination,
      startupLine: false,
      spool: false,
      logLevel: "none",
      traces: { batchSize: 2, delay: 1 },
    })
    const names = () => telemetry.spans.map(({ name }) => name)
    return { telemetry, destination, clickstack, names, stats: () => clickstack.stats().traces[0]! }
  }

  test("fails as often as told, and what is sent again arrives", () =>
    app(async ({ made, destination, telemetry, names }) => {
      destination.fail(undefined, 2)
      made("order")
      await telemetry.waitFor("order", { timeout: 20_000 })
      expect(names()).toEqual(["order"])
      expect(destination.exports()).toBe(3)
    }))

  test("fails with the error given, for good", () =>
    app(async ({ made, destination, clickstack, names, stats }) => {
      destination.fail(Object.assign(new Error("bad request"), { retryable: false }))
      made("order")
      await clickstack.flush()
      expect(names()).toEqual([])
      expect(stats()).toMatchObject({
        delivered: 0,
        lastError: expect.stringContaining("bad request") as unknown,
      })
    }))

  test("hangs until it is healed", () =>
    app(async ({ made, destination, clickstack, names, stats }) => {
      destination.hang()
      made("order")
      await expect.poll(() => destination.exports()).toBe(1)
      expect({ names: names(), waiting: stats().waiting }).toEqual({ names: [], waiting: 1 })
      destination.heal()
      await clickstack.flush()
      expect({ names: names(), waiting: stats().waiting }).toEqual({ names: ["order"], waiting: 0 })
    }))

  test("takes its time", () =>
    app(async ({ made, destination, clickstack, names }) => {
      destination.slow(60)
      const began = performance.now()
      made("order")
      await clickstack.flush()
      expect(names()).toEqual(["order"])
      expect(performance.now() - began).toBeGreaterThan(55)
    }))

  test("rejects a part", () =>
    app(async ({ made, destination, clickstack, names, stats }) => {
      destination.reject(1)
      made("first")
      made("second")
      await clickstack.flush()
      expect(names()).toEqual(["second"])
      expect(stats()).toMatchObject({ delivered: 1, dropped: { rejected: 1 } })
    }))
})

describe("startWireProxy()", () => {
  /** What becomes of a request of 1,000 bytes that is answered with as many. */
  async function through(
    trouble: Parameters<Awaited<ReturnType<typeof startWireProxy>>["become"]>[0],
    patience = 400,
  ) {
    const server = createServer((message, response) =>
      message.resume().on("end", () => response.end("a".repeat(1000))),
    )
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    await using proxy = await startWireProxy(`http://127.0.0.1:${port}`)
    await proxy.become(trouble)
    const began = performance.now()
    const result = await new Promise<string>((resolve) => {
      const sent = request(proxy.url, { method: "POST", agent: false, timeout: patience }, (response) => {
        let text = ""
        response.on("data", (chunk) => (text += chunk))
        response.on("end", () => resolve(`${text.length} bytes`))
        response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      })
      sent.on("timeout", () => {
        resolve("nothing")
        sent.destroy()
      })
      sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      sent.end("b".repeat(1000))
    })
    server.closeAllConnections()
    server.close()
    return { result, took: performance.now() - began, connections: proxy.connections() }
  }

  test.each([
    [{ kind: "none" }, "1000 bytes", 1],
    [{ kind: "refuse" }, "ECONNREFUSED", 0],
    [{ kind: "reset", after: 0 }, "ECONNRESET", 1],
    [{ kind: "reset", after: 500 }, "ECONNRESET", 1],
    [{ kind: "reset", after: "answer" }, "ECONNRESET", 1],
    [{ kind: "stall" }, "nothing", 1],
  ] as const)("%o", async (trouble, result, connections) => {
    expect(await through(trouble)).toMatchObject({ result, connections })
  })

  test.each(["slow", "drip"] as const)("%s: at its rate", async (kind) => {
    const { result, took } = await through({ kind, bytesPerSecond: 4000 }, 5000)
    expect(result).toBe("1000 bytes")
    expect(took).toBeGreaterThan(200)
  })

  test("knows no other trouble", async () => {
    await using proxy = await startWireProxy(9)
    await expect(proxy.become({ kind: "melt" } as never)).rejects.toMatchObject({ code: "WRONG_OPTION" })
  })
})
