import { testTelemetry } from "@clickstack/testing"
import "@clickstack/testing/vitest"
import { afterEach, beforeEach, expect, test } from "vitest"
import { startShop } from "./shop.js"

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
  expect(await telemetry.trace()).toHaveTrace(`
    GET  client  200
      GET  server  200  url.path=/orders/7
        find order  client  db.system.name=postgresql
          log info "order found"
  `)
  expect(telemetry).toHaveMetric({ name: "shop.orders", value: 1, attributes: { known: true } })
})

test("an order that is not there is an error in the log", async () => {
  await fetch(`${shop.url}/orders/8`)
  await telemetry.trace()
  expect(telemetry.logs).toHaveLog({ severity: "ERROR", body: /^no order 8/ })
  expect(telemetry.find("find order")).toMatchObject({ kind: "client", status: "unset" })
})

test("the trace is as drawn in a file", async () => {
  await fetch(`${shop.url}/orders/7`)
  expect(await telemetry.trace()).toMatchTrace("order.trace", {
    attributes: ["db.system.name", "shop.order.id", "url.path"],
  })
})
