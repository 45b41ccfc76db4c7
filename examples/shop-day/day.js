// A day in a shop for house plants that does not exist: who visits, what each page makes the services do, and what went
// wrong in the afternoon. At 15:05 the payments service got a new version with too few database connections; at 15:50
// it was replaced.
import { SpanKind } from "@opentelemetry/api"
import { createRandom } from "./random.js"
import { createServices } from "./services.js"
import { Step, routeOf } from "./step.js"

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const incident = { from: 15 * HOUR + 5 * MINUTE, to: 15 * HOUR + 50 * MINUTE }
const isIncident = (/** @type {number} */ time) => time >= incident.from && time < incident.to

// How many visits begin in each hour, from midnight on.
const visitsPerHour = [
  21, 12, 8, 6, 7, 14, 36, 72, 103, 118, 126, 141, 168, 149, 137, 144, 152, 167, 189, 223, 236, 198, 121, 58,
]

const plants = ["monstera", "fern", "calathea", "aloe", "ficus", "pothos", "orchid", "bonsai"]

/** @typedef {{ time: number, waiting: number, orders: number }} Measurement */

/**
 * @param {number} midnight The day's first millisecond, in UTC.
 * @param {number} [seed]
 */
export function makeDay(midnight, seed = 7) {
  const random = createRandom(seed)
  const services = createServices(random)
  const web = services.create("web", "8.2.0")
  const catalog = services.create("catalog", "3.1.4")
  const checkout = services.create("checkout", "5.0.2")
  const inventory = services.create("inventory", "1.9.0")
  const mailer = services.create("mailer", "2.2.1")
  const paymentsVersions = ["2.3.9", "2.4.0", "2.4.1"].map((version) => services.create("payments", version))
  /** @type {number[]} */
  const orderTimes = []
  let orders = 10_000

  const timeOfDay = (/** @type {Step} */ step) => step.now - midnight

  // --- What the pages do -----------------------------------------------------------------------------------

  /** @param {Step} step */
  function home(step) {
    step.takes(random.duration(2))
    step.calls(catalog, "GET", "/featured", (there) => {
      there.asks("redis", "GET featured", random.duration(0.5))
      there.takes(random.duration(1))
    })
    step.takes(random.duration(6))
  }

  /** @param {Step} step */
  function plant(step) {
    step.calls(catalog, "GET", "/plants/:slug", (there) => {
      there.asks("redis", "GET plant", random.duration(0.5))
      if (random.chance(0.25)) {
        there.asks("postgresql", "SELECT * FROM plants WHERE slug = $1", random.duration(4))
        there.asks("redis", "SET plant", random.duration(0.5))
      }
      there.takes(random.duration(1))
    })
    step.calls(inventory, "GET", "/stock/:sku", (there) => {
      there.asks("postgresql", "SELECT count FROM stock WHERE sku = $1", random.duration(2))
    })
    step.takes(random.duration(9))
  }

  /** @param {Step} step */
  function search(step) {
    step.calls(catalog, "GET", "/search", (there) => {
      const ms = random.duration(38)
      there.asks("postgresql", "SELECT slug, title FROM plants WHERE words @@ $1 LIMIT 24", ms)
      if (ms > 200) there.logs("warn", `slow search: ${Math.round(ms)} ms`, { "search.ms": Math.round(ms) })
      if (random.chance(0.004)) there.throws("QueryTimeout", "search was cancelled after 2000 ms")
    })
    step.takes(random.duration(7))
  }

  /** @param {Step} step */
  function addToCart(step) {
    step.calls(checkout, "POST", "/carts/:id/items", (there) => {
      there.asks("postgresql", "INSERT INTO cart_items VALUES ($1, $2, $3)", random.duration(3))
    })
    step.takes(random.duration(3))
  }

  /** @param {Step} step */
  function buy(step) {
    const cents = random.whole(900, 14_900)
    const placed = step.calls(checkout, "POST", "/orders", (there) => {
      there.asks("postgresql", "SELECT * FROM cart_items WHERE cart = $1", random.duration(3))
      there.calls(inventory, "POST", "/reservations", (store) => {
        store.asks("postgresql", "UPDATE stock SET count = count - $2 WHERE sku = $1", random.duration(5))
      })
      const pay = () =>
        there.calls(paymentsAt(timeOfDay(there)), "POST", "/charges", (payments) => charge(payments, cents))
      if (!pay() && !pay()) return there.throws("PaymentFailed", "payments answered 503 twice")
      const order = ++orders
      there.asks("postgresql", "INSERT INTO orders VALUES ($1, $2, $3)", random.duration(6))
      there.logs("info", `order ${order} placed: ${euros(cents)}`, {
        "order.id": order,
        "order.cents": cents,
      })
      there.does(checkout, "send order.placed", SpanKind.PRODUCER, queueAttributes, (sent) => {
        sent.takes(random.duration(1))
        confirm(sent, order)
      })
      orderTimes.push(timeOfDay(there))
    })
    if (!placed) step.throws("CheckoutFailed", "checkout answered 503")
    step.takes(random.duration(8))
  }

  const queueAttributes = { "messaging.system": "rabbitmq", "messaging.destination.name": "order.placed" }

  /** The mail goes out later: its time is not the order's. @param {Step} sent @param {number} order */
  function confirm(sent, order) {
    const at = sent.now
    sent.takes(random.duration(40))
    sent.does(mailer, "process order.placed", SpanKind.CONSUMER, queueAttributes, (mail) => {
      mail.takes(random.duration(2))
      if (random.chance(0.02)) return mail.throws("SmtpTimeout", "the mail server did not answer within 10 s")
      mail.does(mailer, "smtp send", SpanKind.CLIENT, { "server.address": "smtp.example.com" }, (smtp) =>
        smtp.takes(random.duration(120)),
      )
      mail.logs("info", `confirmation of order ${order} sent`, { "order.id": order })
    })
    sent.now = at
  }

  const paymentsAt = (/** @type {number} */ time) =>
    /** @type {import("./services.js").Service} */ (
      paymentsVersions[time < incident.from ? 0 : time < incident.to ? 1 : 2]
    )

  /** @param {Step} step @param {number} cents */
  function charge(step, cents) {
    const timeout = 3_000
    const wait = isIncident(timeOfDay(step))
      ? Math.min(random.between(1_500, 6_000), timeout)
      : random.duration(1)
    step.does(step.service, "pool.acquire", SpanKind.INTERNAL, { "db.system.name": "postgresql" }, (pool) => {
      pool.takes(wait)
      if (wait >= timeout) pool.fails(`no connection within ${timeout} ms`)
    })
    if (wait >= timeout) {
      return step.throws("PoolTimeout", "2 of 2 connections are busy")
    }
    if (wait > 300) step.logs("warn", `waited ${Math.round(wait)} ms for a database connection`)
    step.asks("postgresql", "INSERT INTO charges VALUES ($1, $2)", random.duration(4))
    const bank = { "http.request.method": "POST", "server.address": "bank.example.com" }
    step.does(step.service, "POST", SpanKind.CLIENT, bank, (call) => call.takes(random.duration(110)))
    step.asks("postgresql", "UPDATE charges SET state = $2 WHERE id = $1", random.duration(3))
    step.logs("info", `charged ${euros(cents)}`, { "charge.cents": cents })
  }

  // --- Who visits ------------------------------------------------------------------------------------------

  const pages = [
    { weight: 22, method: "GET", route: "/", serve: home },
    { weight: 46, method: "GET", route: "/plants/:slug", serve: plant },
    { weight: 17, method: "GET", route: "/search", serve: search },
    { weight: 15, method: "POST", route: "/cart", serve: addToCart },
  ]
  const checkoutPage = { weight: 0, method: "POST", route: "/checkout", serve: buy }

  /**
   * One request of a visitor: the first span of a trace.
   * @param {typeof checkoutPage} page
   * @param {string} session
   * @param {number} at
   */
  function request({ method, route, serve }, session, at) {
    const path = route.replace(":slug", random.oneOf(plants))
    const attributes = { ...routeOf(method, route), "url.path": path }
    const step = new Step(web, `${method} ${route}`, { kind: SpanKind.SERVER, at, attributes, session })
    serve(step)
    const status = step.failed ? 503 : 200
    step.has({ "http.response.status_code": status })
    step.logs(step.failed ? "warn" : "info", `${method} ${path} ${status} in ${Math.round(step.now - at)} ms`)
    step.span.end(step.now)
    return step
  }

  /** @param {number} begin */
  function visit(begin) {
    const session = random.hex(32)
    const isRecorded = random.chance(0.25)
    let time = begin
    let shown = 0

    const open = (/** @type {typeof checkoutPage} */ page) => {
      const step = request(page, session, time)
      if (isRecorded) record(session, ++shown, page.route, time)
      time = step.now + random.between(2, 35) * 1000
      return !step.failed
    }
    for (let count = random.whole(1, 7); count > 0; count--) open(random.weighted(pages))
    if (!random.chance(0.2)) return
    // Who meets an error tries again, twice at most.
    for (let tries = 0; tries < 3; tries++) if (open(checkoutPage)) return
  }

  /** Session replay comes from the browser, as log records with rrweb's events. */
  function record(
    /** @type {string} */ session,
    /** @type {number} */ event,
    /** @type {string} */ route,
    time = 0,
  ) {
    const page = { href: `https://shop.example.com${route}`, width: 1280, height: 720 }
    web.logger.emit({
      timestamp: time,
      observedTimestamp: time,
      body: JSON.stringify({ type: 4, data: page, timestamp: time }),
      attributes: {
        "session.id": session,
        "rr-web.event": event,
        "rr-web.chunk": 1,
        "rr-web.total-chunks": 1,
        "rr-web.offset": 0,
      },
    })
  }

  for (const [hour, visits] of visitsPerHour.entries()) {
    // The last visits of the day end before midnight.
    const most = hour === 23 ? HOUR - 15 * MINUTE : HOUR
    for (let count = 0; count < visits; count++) visit(midnight + hour * HOUR + random.between(0, most))
  }

  // --- What was measured, every five minutes ---------------------------------------------------------------

  /** @type {Measurement[]} */
  const measurements = Array.from({ length: 288 }, (_, index) => {
    const time = (index + 1) * 5 * MINUTE - 1000
    const waiting = isIncident(time) ? random.whole(6, 19) : random.whole(0, 1)
    return { time: midnight + time, waiting, orders: orderTimes.filter((at) => at <= time).length }
  })

  return {
    spans: services.spans,
    logs: services.logs,
    /** What the services measured, with the resource of the one that did. */
    measured: { measurements, payments: paymentsVersions, checkout, versionAt: paymentsAt },
  }
}

const euros = (/** @type {number} */ cents) => `${(cents / 100).toFixed(2)} EUR`
