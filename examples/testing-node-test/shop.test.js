import assert from "node:assert"
import { afterEach, beforeEach, test } from "node:test"
import { testTelemetry } from "@clickstack/testing"
import { assertLog, assertMatchesTrace, assertMetric, assertTrace } from "@clickstack/testing/node"
import { findOrder, startShop } from "./shop.js"

/** @type {import("@clickstack/testing").TestTelemetry} */
let telemetry
/** @type {Awaited<ReturnType<typeof startShop>>} */
let shop
beforeEach(async () => {
  telemetry = testTelemetry()
  shop = await startShop()
})
afterEach(async () => {
  shop.close()
  await telemetry.close()
})

test("an order is one trace, from the request to the query", async () => {
  await fetch(`${shop.url}/orders/7`)
  assertTrace(
    await telemetry.trace(),
    `
    GET  client  200
      GET  server  200  url.path=/orders/7
        find order  client  db.system.name=postgresql
          log info "order found"
    `,
  )
  assertMetric(telemetry, { name: "shop.orders", value: 1, attributes: { known: true } })
})

test("an order that is not there is an error in the log", async () => {
  await fetch(`${shop.url}/orders/8`)
  await telemetry.trace()
  assertLog(telemetry.logs, { severity: "ERROR", body: /^no order 8/ })
})

test("the trace is as drawn in a file", async () => {
  await fetch(`${shop.url}/orders/7`)
  assertMatchesTrace(await telemetry.trace(), new URL("order.trace", import.meta.url), {
    attributes: ["db.system.name", "shop.order.id", "url.path"],
  })
})

test("time can stand still", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] })
  findOrder("7")
  assert.equal((await telemetry.trace()).root.start, 0)
})
