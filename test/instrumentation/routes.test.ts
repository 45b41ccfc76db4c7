// What becomes of a route that is mounted, matched by an expression, passed on, or fails: the span's name, and one
// exception at most.
import { once } from "node:events"
import { createRequire } from "node:module"
import type { RequestListener, Server } from "node:http"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Clickstack, init } from "@clickstack/node"
import { memory } from "../context/memory.ts"
import { exchange, head, serve } from "./raw-http.ts"

const kept = memory()
let clickstack: Clickstack
beforeAll(() => {
  clickstack = init({ ...kept.options, metrics: false, instrumentation: { ignoreRoutes: ["/ready/:who"] } })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

// oxlint-disable-next-line typescript/no-explicit-any -- of two major versions
type Library = any
const newest = (name: string): Library => createRequire(import.meta.url)(name)
const previous = (name: string): Library =>
  createRequire(new URL("previous/package.json", import.meta.url))(name)

/** Path, then what its span is called, its status, and what was thrown. */
type Expected = readonly (readonly [path: string, name: string, status: number, thrown?: string])[]

async function expectSpans(port: number, expected: Expected): Promise<void> {
  for (const [path] of expected) await exchange(port, head(`GET ${path}`, "Connection: close"))
  await expect
    .poll(async () => {
      await clickstack.flush()
      return kept.spans.length
    })
    .toBe(expected.length)
  const got = kept.spans.map(({ name, events, attributes }) => {
    const thrown = events.map((event) => event.attributes?.["exception.message"])
    const known: unknown[] = [attributes["url.path"], name, attributes["http.response.status_code"]]
    return known.concat(thrown)
  })
  expect(got).toEqual(expected)
}

const isPrevious = [
  ["newest", newest],
  ["previous", previous],
] as const

describe.each(isPrevious)("Express, %s", (version, load) => {
  test("routes", async () => {
    const express = load("express")
    const app = express()
    app.set("env", "test") // prints no errors
    const next = (_request: unknown, _response: unknown, go: () => void) => go()
    const end = (_request: unknown, response: { end(): void }) => response.end()
    const orders = express.Router()
    orders.get("/:id", end)
    orders.get("/", end)
    const boom = () => {
      throw new Error("boom")
    }
    app.use(next)
    app.use("/api/:tenant", next, express.Router().use("/orders", orders))
    app.get("/passed", next)
    app.get("/twice", next)
    app.get("/twice", next, end)
    app.get(/^\/expression\/\d+$/, end)
    app.get(["/one", "/other"], end)
    app.get("/boom", boom)
    app.get("/gone", (_request: unknown, _response: unknown, go: (error: Error) => void) =>
      go(Object.assign(new Error("gone"), { status: 410 })),
    )
    app.use("/middleware", boom)
    app.get("/", end)
    app.use((_error: Error, _request: unknown, _response: unknown, go: (error: Error) => void) => go(_error))
    await using server = await serve(app as RequestListener)
    await expectSpans(server.port, [
      ["/api/7/orders/3", "GET /api/:tenant/orders/:id", 200],
      ["/api/7/orders", "GET /api/:tenant/orders", 200],
      ["/passed", "GET", 404],
      ["/twice", "GET /twice", 200],
      ["/expression/12", "GET /^\\/expression\\/\\d+$/", 200],
      ["/other", "GET /one,/other", 200],
      ["/boom", "GET /boom", 500, "boom"],
      ["/gone", "GET /gone", 410],
      ["/middleware/a", "GET", 500, "boom"],
      ["/", "GET /", 200],
      ["/nothing/of/this", "GET", 404],
    ])
    expect(version).toBeDefined()
  })
})

describe.each(isPrevious)("Fastify, %s", (_version, load) => {
  test("routes", async () => {
    const app = load("fastify")()
    app.get("/orders/:id", async () => ({}))
    app.get("/ready/:who", async () => ({}))
    app.register(
      async (inner: Library) => {
        inner.addHook("preHandler", async (request: Library) => {
          if (request.url.endsWith("denied")) throw Object.assign(new Error("denied"), { statusCode: 401 })
        })
        inner.get("/of/:tenant", (_request: unknown, reply: Library) => reply.send("ok"))
        inner.get("/denied", async () => ({}))
        inner.get("/boom", async () => {
          throw new Error("boom")
        })
      },
      { prefix: "/api" },
    )
    await app.listen({ port: 0, host: "127.0.0.1" })
    const { port } = (app.server as Server).address() as { port: number }
    await exchange(port, head("GET /ready/me", "Connection: close"))
    await expectSpans(port, [
      ["/orders/3", "GET /orders/:id", 200],
      ["/api/of/7", "GET /api/of/:tenant", 200],
      ["/api/denied", "GET /api/denied", 401],
      ["/api/boom", "GET /api/boom", 500, "boom"],
      ["/nothing", "GET", 404],
    ])
    await app.close()
  })
})

test("hapi's routes", async () => {
  const { server: create } = newest("@hapi/hapi")
  const app = create({ port: 0, host: "127.0.0.1", debug: false })
  app.route({ method: "GET", path: "/orders/{id}", handler: () => ({}) })
  app.route({ method: "GET", path: "/boom", handler: () => Promise.reject(new Error("boom")) })
  await app.start()
  await expectSpans(app.info.port, [
    ["/orders/3", "GET /orders/{id}", 200],
    ["/boom", "GET /boom", 500, "boom"],
    ["/nothing", "GET", 404],
  ])
  await app.stop()
})

describe.each(isPrevious)("Koa, %s", (_version, load) => {
  test("errors", async () => {
    const Koa = load("koa")
    const app = new Koa()
    app.silent = true
    app.use(async (context: Library) => {
      if (context.path === "/boom") throw new Error("boom")
      if (context.path === "/denied") context.throw(401, "denied")
      context.body = "ok"
    })
    const server = app.listen(0, "127.0.0.1") as Server
    await once(server, "listening")
    const { port } = server.address() as { port: number }
    await expectSpans(port, [
      ["/", "GET", 200],
      ["/denied", "GET", 401],
      ["/boom", "GET", 500, "boom"],
    ])
    server.close()
  })
})
