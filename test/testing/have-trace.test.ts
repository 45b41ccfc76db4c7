// toHaveTrace, passing and failing: what it says when it fails is the point of it.
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { logs, SeverityNumber } from "@opentelemetry/api-logs"
import { describe, expect, test } from "vitest"
import { testTelemetry } from "@clickstack/testing"
import "@clickstack/testing/vitest"

const tracer = trace.getTracer("shop")
const logger = logs.getLogger("shop")

/** A request that reads an order, twice, and logs. */
function order({ system = "postgresql", status = 200, queries = 1 } = {}) {
  tracer.startActiveSpan("GET /orders/:id", { kind: SpanKind.SERVER }, (request) => {
    request.setAttribute("http.response.status_code", status)
    for (let n = 0; n < queries; n++) {
      const attributes = { "db.system.name": system, "db.query.summary": "SELECT  orders" }
      tracer.startActiveSpan("pg.query", { kind: SpanKind.CLIENT, attributes }, (query) => query.end())
    }
    logger.emit({ severityNumber: SeverityNumber.INFO, body: "order found", attributes: { items: 3 } })
    if (status >= 500) {
      request.recordException(new TypeError("no stock"))
      request.setStatus({ code: SpanStatusCode.ERROR, message: "no stock" })
    }
    request.end()
  })
}

async function recorded(make: () => void) {
  await using telemetry = testTelemetry()
  make()
  await telemetry.trace()
  return telemetry
}

/** What a failing expectation says. */
function failure(expectation: () => void): string {
  try {
    expectation()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("it passed")
}

const patterns: Record<string, string> = {
  "the whole of it": `
    GET /orders/:id  server  200
      pg.query  client  db.system.name=postgresql
      log info "order found"`,
  "a span by itself, as long as all its children are drawn": `
    pg.query  client`,
  "names, values and bodies by patterns": `
    /^GET /  server  2xx  http.response.status_code=/^2/
      *  client  db.system.name=*
      log /found$/`,
  "quoted text with two spaces in it": `
    pg.query  client  db.query.summary="SELECT  orders"`,
  "attributes that must not be there": `
    pg.query  !http.route`,
  "further children, with dots": `
    GET /orders/:id
      ...`,
  "attributes of logs": `
    GET /orders/:id
      ...
      log info "order found"  items=3`,
  "a comment": `
    # an order
    pg.query`,
  "the service": `
    pg.query  service.name=shop`,
}

test.each(Object.entries(patterns))("finds %s", async (_, pattern) => {
  await using telemetry = testTelemetry({ service: "shop" })
  order()
  const whole = await telemetry.trace()
  expect(telemetry).toHaveTrace(pattern)
  expect(whole).toHaveTrace(pattern)
  expect(whole.root).toHaveTrace(pattern)
})

test("finds so many in a row, errors with their message, and events", async () => {
  const telemetry = await recorded(() => order({ queries: 3, status: 500 }))
  expect(telemetry).toHaveTrace(`
    GET /orders/:id  server  5xx  error "no stock"
      pg.query  client  x3
      event exception  exception.type=TypeError`)
})

test("children in any order, when told so", async () => {
  const telemetry = await recorded(() =>
    tracer.startActiveSpan("all", (all) => {
      for (const name of ["a", "b", "c"]) tracer.startSpan(name).end()
      all.end()
    }),
  )
  const pattern = `
    all
      c
      *
      a`
  expect(telemetry).toHaveTrace(pattern, { order: "any" })
  expect(telemetry).not.toHaveTrace(pattern)
})

test("several traces, each by a root of its own", async () => {
  await using telemetry = testTelemetry()
  order()
  order({ system: "mysql" })
  await telemetry.flush()
  expect(telemetry).toHaveTrace(`
    GET /orders/:id
      pg.query  db.system.name=mysql
    GET /orders/:id
      pg.query  db.system.name=postgresql`)
  expect(telemetry).not.toHaveTrace(`
    GET /orders/:id
      pg.query  db.system.name=mysql
    GET /orders/:id
      pg.query  db.system.name=mysql`)
})

describe("says side by side", () => {
  test("which attribute is other", async () => {
    const telemetry = await recorded(() => order({ system: "mysql" }))
    const message = failure(() =>
      expect(telemetry).toHaveTrace(`
        GET /orders/:id  server  200
          pg.query  client  db.system.name=postgresql
          log info "order found"`),
    )
    expect(message).toBe(
      `
the recorded trace is not the expected one

  expected                                      | recorded
  GET /orders/:id  server  200                  | GET /orders/:id  server  200
    log info "order found"                      |   log info "order found"
~   pg.query  client  db.system.name=postgresql |   pg.query  client  db.system.name=mysql
                                                |   ^ db.system.name is "mysql", not postgresql`.trim(),
    )
  })

  test("what is missing, what is more, and which kind, status and log are other", async () => {
    const telemetry = await recorded(() => order({ status: 500, queries: 2 }))
    const message = failure(() =>
      expect(telemetry).toHaveTrace(`
        GET /orders/:id  client  200  ok
          pg.query
          cache.get
            redis  client
          log warn "order lost"`),
    )
    expect(message).toBe(
      `
the recorded trace is not the expected one

  expected                         | recorded
~ GET /orders/:id  client  200  ok | GET /orders/:id  server  500  error "no stock"
                                   | ^ the kind is server, not client
                                   | ^ the HTTP status is 500, not 200
                                   | ^ the status is error, not ok
~   log warn "order lost"          |   log info "order found"
                                   |   ^ the severity is INFO, not WARN
                                   |   ^ the body is "order found", not "order lost"
    pg.query                       |   pg.query  client
-   cache.get                      |
-     redis  client                |
+                                  |   pg.query  client`.trim(),
    )
  })

  test("the nearest trace, what else was recorded, and what is open", async () => {
    await using telemetry = testTelemetry()
    order()
    tracer.startSpan("other").end()
    const open = tracer.startSpan("POST /pay")
    await telemetry.flush()
    const message = failure(() => expect(telemetry).toHaveTrace("GET /orders/:id  server  404\n  ..."))
    expect(message.replace(/for \d+ ms/, "for N ms")).toBe(
      `
the recorded trace is not the expected one

  expected                     | recorded
~ GET /orders/:id  server  404 | GET /orders/:id  server  200
                               | ^ the HTTP status is 200, not 404
    ...                        |

also recorded:
  other

still open:
  POST /pay, for N ms`.trim(),
    )
    open.end()
  })

  test("that there is nothing, and what is open instead", async () => {
    await using telemetry = testTelemetry()
    const open = tracer.startSpan("POST /pay")
    const message = failure(() => expect(telemetry).toHaveTrace("POST /pay"))
    expect(message.replace(/for \d+ ms/, "for N ms")).toBe(
      "expected a trace, but there is none\n\nexpected:\nPOST /pay\n\nstill open:\n  POST /pay, for N ms\n",
    )
    open.end()
    await telemetry.close()
    telemetry.reset()
    expect(failure(() => expect(telemetry).toHaveTrace("x"))).toContain("nothing was recorded")
  })

  test("what is there, though it should not be", async () => {
    const telemetry = await recorded(() => order())
    expect(failure(() => expect(telemetry).not.toHaveTrace("pg.query"))).toBe(
      "the trace was not expected, but it is there:\n\npg.query  client\n",
    )
  })
})

test("a line that cannot be read is named", async () => {
  const telemetry = await recorded(() => order())
  const read = (pattern: string) => failure(() => expect(telemetry).toHaveTrace(pattern))
  expect(read("GET  serve r")).toBe(
    'the line "GET  serve r" of the expected trace cannot be read: "serve r" is no column; there are: a kind, an HTTP status like 200 or 4xx, ok, error "message", x2, name=value, !name',
  )
  expect(read("...")).toContain("so it needs a span above it")
  expect(read("event x")).toContain("an event needs a span above it")
  expect(read(" ")).toContain("the expected trace has no line")
  expect(failure(() => expect({}).toHaveTrace("x"))).toContain("this is something else")
})
