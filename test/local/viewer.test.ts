// The viewer in a real browser: it shows what was sent, as text and nothing else, to nobody from elsewhere.
import { createServer } from "node:http"
import { type AddressInfo } from "node:net"
import { type Local, startLocal } from "@clickstack/local"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect } from "vitest"
import { browserTest as test, startChromium } from "../chromium.ts"
import { gauge, logs, post, spans } from "./otlp.ts"
import { startClickstack } from "./run-clickstack.ts"
import { freePorts } from "./temporary.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const hostileTrace = "11111111111111111111111111111111"
const now = Date.now()

// What runs in the browser has these; the other tests must not see their types.
declare const document: any
declare const window: any

let local: Local
let browser: Browser | undefined
let page: Page
/** What the browser complained of: errors, and what the page's policy did not let happen. */
let complaints: string[] = []
/** Requests that did not go to this ClickStack. */
let elsewhere: string[] = []

const frames = {
  frames: [
    { filename: "node:internal/run", function: "run", lineno: 1, colno: 2, in_app: false },
    {
      filename: "/app/pay.js",
      function: "pay",
      lineno: 12,
      colno: 9,
      in_app: true,
      pre_context: ["function pay() {"],
      context_line: "  throw new PaymentError('declined')",
      post_context: ["}"],
      vars: { card: "4242" },
    },
  ],
}

beforeAll(async () => {
  local = await startLocal({ memory: true, ...freePorts })
  const { http } = local.otlp
  const parent = { traceId, spanId: "aaaaaaaaaaaaaaaa", kind: 2, at: now - 60_000 }
  const child = { traceId, spanId: "bbbbbbbbbbbbbbbb", parentSpanId: parent.spanId, at: now - 59_990 }
  const exception = {
    name: "exception",
    timeUnixNano: `${now - 59_900}000000`,
    attributes: [
      { key: "exception.type", value: { stringValue: "PaymentError" } },
      { key: "exception.message", value: { stringValue: "declined" } },
      { key: "exception.parsed_stacktrace", value: { stringValue: JSON.stringify(frames) } },
      { key: "exception.cause", value: { stringValue: "TypeError: no such card" } },
      { key: "order.id", value: { stringValue: "7" } },
    ],
  }
  const payload = spans(
    [
      {
        ...parent,
        name: "POST /checkout",
        ms: 120,
        error: "declined",
        attributes: { "http.route": "/checkout" },
      },
      { ...child, name: "SELECT carts", ms: 30, attributes: { "db.system": "postgresql" } },
      {
        name: "poll",
        traceId: "22222222222222222222222222222222",
        spanId: "cccccccccccccccc",
        at: now - 90_000,
        ms: 5,
      },
    ],
    "shop",
  )
  Object.assign(payload.resourceSpans[0]?.scopeSpans[0]?.spans[0] ?? {}, { events: [exception] })
  await post(http, "traces", payload)
  await post(
    http,
    "logs",
    logs(
      [
        {
          body: "Payment DECLINED by the bank",
          severity: 17,
          traceId,
          spanId: child.spanId,
          at: now - 59_000,
        },
        { body: "all is calm", severity: 9, at: now - 58_000, attributes: { pool: "main" } },
      ],
      "shop",
    ),
  )
  for (const value of [7, 9]) await post(http, "metrics", gauge("queue.length", value, "shop"))
  const recorded = { type: 4, data: { href: "http://shop.test/cart", width: 800, height: 600 } }
  const chunk = { "rr-web.event": 1, "rr-web.chunk": 1, "rr-web.total-chunks": 1, "rr-web.offset": 0 }
  await post(
    http,
    "logs",
    logs([{ body: JSON.stringify(recorded), at: now - 50_000, attributes: chunk }], "web", {
      "rum.sessionId": "session-1",
    }),
  )
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.close()
  await local?.close()
})

async function open(hash: string, url = local.url): Promise<void> {
  if (browser === undefined) throw new Error("there is no browser")
  const context = await browser.newContext()
  page = await context.newPage()
  complaints = []
  elsewhere = []
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()))
  page.on("pageerror", ({ message }) => complaints.push(message))
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url ?? "").origin) elsewhere.push(request.url())
  })
  await page.goto(`${url}/${hash}`)
  await shown()
}

const shown = () => page.locator("main:not([aria-busy]) > *").first().waitFor()

afterEach(() => page?.context().close())

const text = (selector: string) => page.locator(selector).allInnerTexts()

/** Waits until what is read is what is expected. */
const becomes = <Value>(read: () => Value) => expect.poll(read, { timeout: 30_000 })

const nothingWrong = () => expect([complaints, elsewhere]).toEqual([[], []])

test("services lead to their traces", async () => {
  await open("")
  expect(await text("tbody tr")).toEqual(["shop\t1\t100 %\t120 ms\t120 ms\t3\t2"])
  await page.getByRole("link", { name: "shop" }).click()
  await page.locator("table.traces").waitFor()
  expect(await text("table.traces tbody th")).toEqual(["POST /checkout1 error", "poll"])
  nothingWrong()
})

test("traces are filtered, counted over time and by duration, and lead to one of them", async () => {
  await open("#/traces")
  const durations = page.locator(".chart", { hasText: "Spans by duration" })
  await becomes(() => durations.locator(".bar[aria-label*='error']").count()).toBe(1)
  await page.getByLabel("any status").selectOption("error")
  await becomes(() => text("table.traces tbody th")).toEqual(["POST /checkout1 error"])
  await page.getByLabel("any status").selectOption("")
  await page.getByLabel("below ms").fill("10")
  await page.getByLabel("below ms").press("Enter")
  await becomes(() => text("table.traces tbody th")).toEqual(["poll"])
  expect(new URL(page.url()).hash).toBe("#/traces?maxDurationMs=10")
  await page.goBack()
  await page.goBack()
  await becomes(() => text("table.traces tbody th")).toEqual(["POST /checkout1 error"])
  await page.getByRole("searchbox").fill("postgres")
  await page.getByRole("searchbox").press("Enter")
  await becomes(() => text(".notice p")).toContain("No traces in the last hour match the filters.")
  nothingWrong()
})

test("a trace is a waterfall with its exception's source lines and its logs, for the keyboard too", async () => {
  await open(`#/trace/${traceId}`)
  expect(await text(".span .name")).toEqual(["! POST /checkout\nshop", "SELECT carts\nshop"])
  expect(await text(".span .label")).toEqual(["120 ms", "30 ms"])
  expect(await text(".details h2")).toEqual(["POST /checkout"])
  expect(await text(".exception > :is(h3, p)")).toEqual([
    "PaymentError",
    "declined",
    "caused by TypeError: no such card",
  ])
  expect(await text(".frame summary")).toEqual(["pay /app/pay.js:12:9"])
  expect(await text(".source-line")).toEqual([
    "11\nfunction pay() {",
    "12\n  throw new PaymentError('declined')",
    "13\n}",
  ])
  expect(await text(".source-line.current code")).toEqual(["  throw new PaymentError('declined')"])
  expect(await text(".frame .attributes tr")).toEqual(["card\t4242"])
  expect(await text(".exception + .attributes tr")).toEqual(["order.id\t7"])
  expect(await text(".log .body")).toEqual(["Payment DECLINED by the bank"])
  await page.locator(".span").first().focus()
  await page.keyboard.press("ArrowDown")
  expect(await text(".details h2")).toEqual(["SELECT carts"])
  expect(page.url()).toContain("span=bbbbbbbbbbbbbbbb")
  expect(await text(".details .log .body")).toEqual(["Payment DECLINED by the bank"])
  await page.locator(".details .attributes tr", { hasText: "db.system" }).hover()
  await page.getByLabel("Only traces with this db.system").click()
  await becomes(() => text("table.traces tbody th")).toEqual(["POST /checkout1 error"])
  expect(await text(".chip")).toEqual(["db.system=postgresql ×"])
  nothingWrong()
})

test("logs are found by their text and filters, open, and lead to their trace", async () => {
  await open("#/logs")
  expect(await text(".log .body")).toEqual(["all is calm", "Payment DECLINED by the bank"])
  await page.keyboard.press("/")
  await page.keyboard.type("declined by")
  await page.keyboard.press("Enter")
  await becomes(() => text(".log .body")).toEqual(["Payment DECLINED by the bank"])
  await page.locator(".log summary").press("Enter")
  await page.getByRole("link", { name: "Show its trace" }).click()
  await becomes(() => text(".details h2")).toEqual(["SELECT carts"])
  await page.goto(`${local.url}/#/logs?attr.pool=main`)
  await becomes(() => text(".log .body")).toEqual(["all is calm"])
  await becomes(() => page.locator(".bar[aria-label*='1 info']").count()).toBe(1)
  nothingWrong()
})

test("who goes on before an answer has come sees what was asked for last, and no error", async () => {
  await open("#/metrics")
  let answerNow = () => {}
  const held = new Promise<void>((resolve) => (answerNow = resolve))
  await page.route("**/api/services?*", async (route) => {
    await held
    await route.continue()
  })
  const asked = page.waitForRequest("**/api/services?*")
  await page.evaluate("location.hash = '#/traces'")
  await asked
  await page.evaluate("location.hash = '#/logs'")
  await becomes(() => page.title()).toBe("logs · ClickStack")
  answerNow()
  await becomes(() => text("h1")).toEqual(["Logs"])
  expect(await text(".notice.error")).toEqual([])
  expect(await text(".log .body")).toContain("all is calm")
  nothingWrong()
})

test("live logs come as they are stored", async () => {
  await open("#/logs?service=live")
  await page.getByRole("button", { name: "Live" }).click()
  await page.locator(".live-state", { hasText: "Live: 0 new logs" }).waitFor()
  // What is said before the stream is open is not in it; so once more until one is there.
  await becomes(async () => {
    await post(local.otlp.http, "logs", logs([{ body: "fresh", severity: 13 }], "live"))
    await post(local.otlp.http, "logs", logs([{ body: "of another", severity: 13 }], "else"))
    return (await text(".log .body"))[0]
  }).toBe("fresh")
  expect(await text(".log .body")).not.toContain("of another")
  await page.getByRole("button", { name: "Stop" }).click()
  await page.locator(".chart").waitFor()
  nothingWrong()
})

test("every service is chosen until one is, also when a log came without a service", async () => {
  await post(local.otlp.http, "logs", logs([{ body: "by hand" }], ""))
  await open("#/logs")
  expect(await text(".log .body")).toContain("by hand")
  const service = page.getByLabel("every service")
  expect(await service.locator("option:checked").allInnerTexts()).toEqual(["every service"])
  expect(await service.locator("option").allInnerTexts()).not.toContain("")
  nothingWrong()
})

test("metrics are drawn, sessions tell what was recorded", async () => {
  await open("#/metrics")
  await page.getByRole("link", { name: "queue.length" }).click()
  await page.locator("polyline").waitFor({ state: "attached" })
  expect(await text(".series tr")).toEqual(["shop\t9"])
  await page.goto(`${local.url}/#/sessions`)
  await page.getByRole("link", { name: "session-1" }).click()
  await becomes(() => text("tbody tr td.wide")).toEqual(["http://shop.test/cart 800 × 600"])
  nothingWrong()
})

// Each would set `hacked` or ask for a dialog, if it were anything else than text.
const evil = (name: string) => `<img src=x onerror="hacked='${name}'"><script>hacked="${name}"</script>`
const url = "javascript:hacked=1"

// Eleven pages, of which some ask four questions: slow where everything is.
test("S2: markup and scripts in whatever was sent are text, everywhere", { timeout: 180_000 }, async () => {
  const { http } = local.otlp
  const value = (stringValue: string) => ({ stringValue })
  const attributes = { [evil("key")]: evil("value"), url, "http.url": url, style: "x:expression(1)" }
  const payload = spans(
    [
      {
        name: evil("name"),
        traceId: hostileTrace,
        spanId: "dddddddddddddddd",
        kind: 2,
        ms: 3,
        error: evil("message"),
        attributes,
      },
    ],
    evil("service"),
    { [evil("resource")]: evil("resource value") },
  )
  const stack = {
    frames: [
      {
        filename: evil("file"),
        function: evil("function"),
        in_app: true,
        lineno: 1,
        context_line: evil("source"),
        vars: { [evil("variable")]: evil("variable's value") },
      },
    ],
  }
  Object.assign(payload.resourceSpans[0]?.scopeSpans[0]?.spans[0] ?? {}, {
    events: [
      { name: evil("event"), attributes: [{ key: evil("event key"), value: value(evil("event value")) }] },
      {
        name: "exception",
        attributes: [
          { key: "exception.type", value: value(evil("type")) },
          { key: "exception.message", value: value(evil("exception")) },
          { key: "exception.cause", value: value(evil("cause")) },
          { key: "exception.parsed_stacktrace", value: value(JSON.stringify(stack)) },
        ],
      },
    ],
    links: [{ traceId, spanId: "aaaaaaaaaaaaaaaa", attributes: [{ key: evil("link"), value: value(url) }] }],
  })
  await post(http, "traces", payload)
  const hostileLog = { body: evil("body"), severity: 17, traceId: hostileTrace, attributes }
  await post(http, "logs", logs([hostileLog], evil("service")))
  await post(http, "metrics", gauge(evil("metric"), 1, evil("service")))
  const chunk = { "rr-web.event": 1, "rr-web.chunk": 1, "rr-web.total-chunks": 1, "rr-web.offset": 0 }
  const recorded = JSON.stringify({ type: 4, data: { href: evil("href"), width: evil("width"), height: 1 } })
  await post(
    http,
    "logs",
    logs([{ body: recorded, attributes: chunk }], evil("service"), { "rum.sessionId": evil("session") }),
  )

  const query = encodeURIComponent(evil("filter"))
  const places: [string, string[]][] = [
    ["#/services", [evil("service")]],
    [
      `#/traces?${encodeURIComponent(`attr.${evil("key")}`)}=${encodeURIComponent(evil("value"))}`,
      [evil("name"), evil("service"), evil("key"), evil("value")],
    ],
    [
      `#/trace/${hostileTrace}`,
      [
        "key",
        "value",
        "message",
        "resource",
        "resource value",
        "event",
        "event key",
        "event value",
        "type",
        "exception",
        "file",
        "function",
        "source",
        "link",
      ].map(evil),
    ],
    [`#/logs?service=${encodeURIComponent(evil("service"))}`, [evil("body"), evil("key"), evil("value")]],
    ["#/metrics", [evil("metric")]],
    [`#/metrics/${encodeURIComponent(evil("metric"))}?kind=gauge`, [evil("metric"), evil("service")]],
    ["#/sessions", [evil("session")]],
    [`#/sessions/${encodeURIComponent(evil("session"))}`, [evil("session"), evil("href")]],
    [`#/logs?text=${query}&service=${query}&attr.${query}=${query}`, [evil("filter")]],
    [`#/traces?from=${query}`, []],
    [`#/${query}/${query}?${query}=${query}`, []],
  ]
  for (const [hash, texts] of places) {
    await open(hash)
    for (const summary of await page.locator(".log > summary").all()) await summary.click()
    const seen = async () => (await page.locator("main").textContent()) ?? ""
    for (const one of texts) await becomes(seen).toContain(one)
    const found = await page.evaluate(() => ({
      hacked: "hacked" in globalThis,
      active: document.querySelectorAll("main :is(img, script, iframe, object, embed, style, link)").length,
      handlers: Array.from<any>(document.querySelectorAll("*")).filter(({ attributes: all }) =>
        Array.from<any>(all).some(({ name }) => name.startsWith("on")),
      ).length,
      links: Array.from<any>(document.querySelectorAll("a"))
        .map((one): string => one.getAttribute("href"))
        .filter((href) => !/^#(\/|content$)/.test(href)),
    }))
    expect([hash, found]).toEqual([hash, { hacked: false, active: 0, handlers: 0, links: [] }])
    expect(elsewhere).toEqual([])
    // A request that is refused is told of in the console; nothing else may be.
    expect(complaints.filter((one) => !one.startsWith("Failed to load resource"))).toEqual([])
    await page.context().close()
  }
  // Every link of the trace stays on the page.
  await open(`#/trace/${hostileTrace}`)
  await page.locator(".links a").click()
  await becomes(() => text(".details h2")).toEqual(["POST /checkout"])
})

test("S2: the policy holds where a script got in nevertheless", async () => {
  await open("#/services")
  const tried = await page.evaluate(async (other) => {
    const results: string[] = []
    // What runs at once is the debugger's, which may do what the page may not.
    await new Promise((later) => setTimeout(later))
    const attempt = async (name: string, run: () => unknown) => {
      try {
        await run()
        results.push(`${name}: ran`)
      } catch {
        results.push(`${name}: refused`)
      }
    }
    const load = (tag: "script" | "img" | "iframe", source: string) =>
      new Promise((resolve, reject) => {
        const made = document.createElement(tag)
        made.addEventListener("load", resolve)
        made.addEventListener("error", reject)
        document.addEventListener("securitypolicyviolation", reject, { once: true })
        made.src = source
        document.body.append(made)
      })
    await attempt("markup", () => (document.body.innerHTML += "<b>x</b>"))
    await attempt("eval", () => Reflect.get(globalThis, "eval")("globalThis.hacked = 1"))
    await attempt("foreign script", () => load("script", `${other}/x.js`))
    await attempt("foreign image", () => load("img", `${other}/x.png`))
    await attempt("foreign frame", () => load("iframe", other))
    await attempt("foreign data", () => fetch(other, { mode: "no-cors" }))
    const inline = document.createElement("div")
    await attempt("handler", () => inline.setAttribute("onclick", "globalThis.hacked = 1"))
    inline.click()
    results.push(`inline: ${"hacked" in globalThis ? "ran" : "refused"}`)
    return results
  }, local.otlp.http)
  expect(tried).toEqual(
    [
      "markup",
      "eval",
      "foreign script",
      "foreign image",
      "foreign frame",
      "foreign data",
      "handler",
      "inline",
    ].map((name) => `${name}: refused`),
  )
})

test("S1: a page from elsewhere reads nothing and shows nothing of it, but may link to it", async () => {
  const answered: string[] = []
  const attacker = createServer((_request, response) => {
    response.setHeader("content-type", "text/html")
    response.end(`<!doctype html><a href="${local.url}/#/logs">look</a><iframe src="${local.url}/"></iframe>`)
  })
  await new Promise<void>((listening) => attacker.listen(0, "127.0.0.1", listening))
  const { port } = attacker.address() as AddressInfo
  try {
    if (browser === undefined) throw new Error("there is no browser")
    // Another host, and the same host with another port: both are elsewhere.
    for (const host of ["localhost", "127.0.0.1"]) {
      page = await (await browser.newContext()).newPage()
      page.on("response", (response) => {
        if (response.url().startsWith(local.url ?? "")) answered.push(`${response.status()}`)
      })
      await page.goto(`http://${host}:${port}/`)
      const results = await page.evaluate(async (target) => {
        const outcome = async (options: RequestInit) => {
          try {
            return (await fetch(`${target}/api/logs`, options)).type
          } catch {
            return "refused"
          }
        }
        const script = new Promise((resolve) => {
          const made = document.createElement("script")
          made.addEventListener("load", () => resolve("loaded"))
          made.addEventListener("error", () => resolve("refused"))
          made.src = `${target}/ui/main.js`
          document.body.append(made)
        })
        return [await outcome({}), await outcome({ mode: "no-cors" }), await script]
      }, local.url ?? "")
      // By no-cors a page can ask, but gets neither status nor content; the answer was 403, see below.
      expect(results).toEqual(["refused", expect.stringMatching(/opaque|refused/), "refused"])
      expect(new Set(answered)).toEqual(new Set(["403"]))
      await page.getByRole("link").click()
      await page.locator(".log").first().waitFor()
      expect(await page.evaluate(() => window.opener)).toBeNull()
      answered.length = 0
      await page.context().close()
    }
  } finally {
    attacker.close()
  }
})

test("with a token, the page asks for it and shows nothing before", async () => {
  const guarded = await startClickstack(["--memory"], { env: { CLICKSTACK_LOCAL_TOKEN: "open sesame" } })
  const headers = { authorization: "open sesame" }
  await post(guarded.http, "logs", logs([{ body: "behind the door", severity: 9 }], "vault"), headers)
  await open("#/logs", guarded.api)
  const token = page.getByLabel("Token")
  await token.fill("wrong one")
  await token.press("Enter")
  await shown()
  expect(await text(".log")).toEqual([])
  await token.fill("open sesame")
  await token.press("Enter")
  await becomes(() => text(".log .body")).toEqual(["behind the door"])
  await page.getByRole("button", { name: "Live" }).click()
  await page.locator(".live-state", { hasText: "Live: 0 new logs" }).waitFor()
  await page.reload()
  await becomes(() => text(".log .body")).toEqual(["behind the door"])
  expect(await page.evaluate(() => document.cookie)).toBe("")
  await guarded.end()
})
