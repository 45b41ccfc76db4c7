// The viewer where room is scarce, names are long, traces are large, and where its ClickStack has gone.
import { type Local, startLocal } from "@clickstack/local"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect } from "vitest"
import { browserTest as test, startChromium } from "../chromium.ts"
import { type TestSpan, gauge, logs, post, spans } from "./otlp.ts"
import { freePorts } from "./temporary.ts"

const longTrace = "c".repeat(32)
const largeTrace = "b".repeat(32)
const longName = "a-name-that-somebody-made-up-for-production-in-eu-central-1-".repeat(3)
const id = (number: number) => number.toString(16).padStart(16, "0")

let local: Local
let browser: Browser

beforeAll(async () => {
  local = await startLocal({ memory: true, ...freePorts })
  const { http } = local.otlp
  const now = Date.now()
  const one = {
    name: `GET /${"segment/".repeat(40)}`,
    traceId: longTrace,
    spanId: id(1),
    at: now - 60_000,
    ms: 50_000,
    error: "x".repeat(600),
    attributes: { ["k".repeat(200)]: "v".repeat(3_000) },
  }
  const many = Array.from({ length: 5_000 }, (_, index): TestSpan => ({
    name: `step ${index}`,
    traceId: largeTrace,
    spanId: id(index + 1),
    ...(index > 0 && { parentSpanId: id(Math.ceil(index / 3)) }),
    at: now - 60_000 + index,
    ms: 5_000 - index,
  }))
  const said = { severity: 17, traceId: longTrace, spanId: id(1), at: now - 50_000 }
  const answers = [
    await post(http, "traces", spans([one], longName)),
    await post(http, "traces", spans(many, "importer")),
    await post(http, "logs", logs([{ ...said, body: "x".repeat(5_000) }], longName)),
    await post(http, "metrics", gauge(longName, 1, longName)),
    await post(
      http,
      "logs",
      logs(
        [
          {
            body: '{"type":4,"data":{}}',
            attributes: { "rr-web.event": 1, "rr-web.chunk": 1, "rr-web.total-chunks": 1 },
          },
        ],
        longName,
        { "rum.sessionId": "s".repeat(64) },
      ),
    ),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  browser = await startChromium()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await local?.close()
})

async function open(hash: string, width: number, url = local.url): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  await page.goto(`${url}/${hash}`)
  await shown(page)
  return page
}

const shown = (page: Page) => page.locator("main:not([aria-busy]) > *").first().waitFor()

const metric = `#/metrics/${encodeURIComponent(longName)}?kind=gauge`
const session = `#/sessions/${"s".repeat(64)}`
const pages = ["services", "traces", "logs", "metrics", "sessions"].map((view) => `#/${view}`)

test.each([390, 1360])("no page is wider than %d pixels, however long the names are", async (width) => {
  for (const hash of [...pages, `#/trace/${longTrace}`, `#/trace/${largeTrace}`, metric, session]) {
    const page = await open(hash, width)
    for (const log of await page.locator(".log summary").all()) await log.click()
    const beyond = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    )
    expect([hash, await page.locator(".notice.error").count(), beyond]).toEqual([hash, 0, 0])
    await page.close()
  }
})

test("a trace of 5,000 spans is shown in two steps, and the keyboard reaches its end", async () => {
  const page = await open(`#/trace/${largeTrace}`, 1360)
  expect(await page.locator(".span").count()).toBe(1_000)
  await page.getByRole("button", { name: "Show 4000 more spans" }).click()
  await expect.poll(() => page.locator(".span").count()).toBe(5_000)
  await page.locator(".span").first().focus()
  await page.keyboard.press("End")
  const last = await page.locator(".span .text").last().innerText()
  await expect.poll(() => page.locator(".details h2").innerText()).toBe(last)
  expect(await page.locator(".span[aria-selected=true]").count()).toBe(1)
  await page.close()
})

test("a page whose ClickStack has ended says so, and goes on when it is back", async () => {
  const first = await startLocal({ memory: true, ...freePorts })
  const uiPort = Number(new URL(first.url ?? "").port)
  const page = await open("#/services", 1360, first.url)
  await first.close()
  await page.keyboard.press("r")
  const error = page.locator(".notice.error")
  await expect
    .poll(() => error.innerText())
    .toContain("ClickStack does not answer; if it has ended, start it again")
  await using second = await startLocal({ memory: true, ...freePorts, uiPort })
  await post(second.otlp.http, "logs", logs([{ body: "back" }], "shop"))
  await page.getByRole("button", { name: "Ask again" }).click()
  await expect.poll(() => page.locator("tbody th").allInnerTexts()).toContain("shop")
  await page.close()
})

test("it follows the system's colours, and can be turned", async () => {
  const dark = "rgb(21, 21, 19)"
  const light = "rgb(255, 255, 255)"
  for (const [colorScheme, first, second] of [
    ["dark", dark, light],
    ["light", light, dark],
  ] as const) {
    const page = await browser.newPage({ colorScheme })
    await page.goto(`${local.url}/#/services`)
    const colour = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    await expect.poll(colour).toBe(first)
    await page.locator("#theme").click()
    await expect.poll(colour).toBe(second)
    await page.reload()
    await expect.poll(colour).toBe(second)
    await page.close()
  }
})

test("the keyboard moves in a chart, and Enter looks at what a bar counts", async () => {
  const page = await open("#/logs", 1360)
  const bars = page.locator(".bar")
  await bars.first().focus()
  await page.keyboard.press("End")
  await page.keyboard.press("ArrowLeft")
  const focused = await page.evaluate("document.activeElement.getAttribute('href')")
  expect(focused).toBe(await bars.nth((await bars.count()) - 2).getAttribute("href"))
  await page.keyboard.press("Enter")
  await expect.poll(() => new URL(page.url()).hash).toBe(focused)
  await page.close()
})
