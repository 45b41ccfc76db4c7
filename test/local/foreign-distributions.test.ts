// Distributions of OpenTelemetry by others, unchanged, as apps use them: each ends in the right rows.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { type AddressInfo } from "node:net"
import { join } from "node:path"
import { type Local, startLocal } from "@clickstack/local"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { browserTest, startChromium } from "../chromium.ts"
import { foreignWanted, installForeign } from "./install-foreign.ts"
import { freePorts } from "./temporary.ts"

const patience = { timeout: 60_000, interval: 250 }

describe.skipIf(!foreignWanted)("foreign distributions", () => {
  let cwd = ""
  let local: Local

  /** The page's own server: it is another origin than what it sends to. */
  const shop = createServer((request, response) => {
    const isScript = request.url === "/hyperdx.js"
    const file = isScript ? "node_modules/@hyperdx/browser/build/index.js" : "page.html"
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
    response.end(readFileSync(join(cwd, file)))
  })
  let origin = ""

  beforeAll(async () => {
    cwd = await installForeign()
    shop.listen(0, "127.0.0.1")
    await once(shop, "listening")
    origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    local = await startLocal({ memory: true, ...freePorts, allowedOrigins: [origin] })
  }, 900_000)

  afterAll(async () => {
    shop.close()
    await local?.close()
  })

  function start(args: readonly string[], service: string, more: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, args, {
      cwd,
      env: {
        PATH: process.env["PATH"],
        HOME: "",
        OTEL_EXPORTER_OTLP_ENDPOINT: local.otlp.http,
        OTEL_SERVICE_NAME: service,
        // The others ask clouds where they are.
        OTEL_NODE_RESOURCE_DETECTORS: "env,host,process",
        ...more,
      },
      stdio: "ignore",
    })
    const ended = once(child, "close")
    return {
      child,
      ended,
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL")
        await ended
      },
    }
  }

  const rows = (sql: string, service: string) => local.query(sql, { params: { service } })

  const requestSpans = (service: string) =>
    rows(
      `SELECT SpanKind, ParentSpanId = '' AS root, StatusCode, ResourceAttributes['telemetry.sdk.language'] AS language,
         SpanAttributes['http.method'] || SpanAttributes['http.request.method'] AS method
       FROM otel_traces WHERE ServiceName = {service:String} ORDER BY SpanKind`,
      service,
    )

  const request = [
    { SpanKind: "Client", root: 1, StatusCode: "Unset", language: "nodejs", method: "GET" },
    { SpanKind: "Server", root: 0, StatusCode: "Unset", language: "nodejs", method: "GET" },
  ]

  test("@hyperdx/node-opentelemetry: spans, and what the console said", async () => {
    const key = { HYPERDX_API_KEY: "any-key", HDX_NODE_CONSOLE_CAPTURE: "1" }
    await using app = start(
      ["-r", "@hyperdx/node-opentelemetry/build/src/tracing", "app.cjs"],
      "hyperdx",
      key,
    )
    expect(app.child.exitCode).toBeNull()
    await vi.waitFor(async () => expect(await requestSpans("hyperdx")).toEqual(request), patience)
    const logs =
      "SELECT Body, SeverityText, TraceId != '' AS traced FROM otel_logs WHERE ServiceName = {service:String}"
    await vi.waitFor(
      async () =>
        expect(await rows(logs, "hyperdx")).toEqual([
          { Body: "stock is low", SeverityText: "warn", traced: 1 },
        ]),
      patience,
    )
  }, 150_000)

  test("@elastic/opentelemetry-node: spans and metrics", async () => {
    const often = { OTEL_METRIC_EXPORT_INTERVAL: "1000", OTEL_METRIC_EXPORT_TIMEOUT: "900" }
    await using app = start(["--import", "@elastic/opentelemetry-node", "app.cjs"], "elastic", often)
    expect(app.child.exitCode).toBeNull()
    await vi.waitFor(async () => expect(await requestSpans("elastic")).toEqual(request), patience)
    const metrics =
      "SELECT count() > 0 AS some FROM otel_metrics_histogram WHERE ServiceName = {service:String}"
    await vi.waitFor(async () => expect(await rows(metrics, "elastic")).toEqual([{ some: 1 }]), patience)
  }, 150_000)

  test("@vercel/otel: a span", async () => {
    await using app = start(["vercel.mjs"], "vercel")
    await app.ended
    const spans =
      "SELECT SpanName, ScopeName, SpanAttributes FROM otel_traces WHERE ServiceName = {service:String}"
    expect(await rows(spans, "vercel")).toMatchObject([
      { SpanName: "render /cart", ScopeName: "pages", SpanAttributes: { "next.route": "/cart", items: "3" } },
    ])
  })

  browserTest(
    "@hyperdx/browser: spans of the page, and its recording in order",
    async () => {
      const browser = await startChromium()
      try {
        const page = await browser.newPage()
        const elsewhere: string[] = []
        await page.route("**", (route) => {
          if (new URL(route.request().url()).hostname === "127.0.0.1") return route.continue()
          elsewhere.push(route.request().url())
          return route.abort()
        })
        await page.goto(`${origin}/?endpoint=${encodeURIComponent(local.otlp.http)}`)
        await page.locator("#name").fill("somebody")
        await page.locator("#buy").click()
        await page.locator("#title", { hasText: "Sold" }).waitFor()
        const session = await page.evaluate<string>("HyperDX.getSessionId()")
        expect(session).toMatch(/^[0-9a-f]{32}$/)
        const spans = `SELECT count() AS spans FROM otel_traces WHERE ServiceName = 'web'
        AND ResourceAttributes['rum.sessionId'] = {service:String} AND SpanAttributes['http.url'] LIKE '%/api/buy'`
        await vi.waitFor(async () => expect(await rows(spans, session)).toEqual([{ spans: 1 }]), patience)
        const recording = () => local.read.session(session)
        // The last change is three million characters, in four chunks.
        await vi.waitFor(
          async () => expect((await recording()).at(-1)?.json.length).toBeGreaterThan(3_000_000),
          patience,
        )
        const events = await recording()
        expect(events.every(({ complete }) => complete)).toBe(true)
        const numbers = events.map(({ number }) => number)
        expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
        const recorded = events.map(({ json }) => JSON.parse(json) as { type: number; timestamp: number })
        const times = recorded.map(({ timestamp }) => timestamp)
        expect(times).toEqual(times.toSorted((one, other) => one - other))
        // After what the page told of itself: its address and size, then all of it.
        const described = recorded.map(({ type }) => type).filter((type) => type === 4 || type === 2)
        expect(described.slice(0, 2)).toEqual([4, 2])
        const chunks = `SELECT max(toUInt32(LogAttributes['rr-web.total-chunks'])) AS most FROM hyperdx_sessions
        WHERE ServiceName = 'web' AND ResourceAttributes['rum.sessionId'] = {service:String}`
        expect(await rows(chunks, session)).toEqual([{ most: 4 }])
        expect(
          await rows("SELECT count() AS rows FROM otel_logs WHERE LogAttributes['rr-web.event'] != ''", ""),
        ).toEqual([{ rows: 0 }])
        expect(elsewhere).toEqual([])
      } finally {
        await browser.close()
      }
    },
    180_000,
  )
})
