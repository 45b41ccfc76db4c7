// The other matchers, passing and failing, and the same as functions for node:assert.
import { AssertionError } from "node:assert"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { logs, SeverityNumber } from "@opentelemetry/api-logs"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type TestTelemetry, testTelemetry } from "@clickstack/testing"
import * as functions from "@clickstack/testing/node"
import "@clickstack/testing/vitest"

const tracer = trace.getTracer("shop")
const logger = logs.getLogger("shop")

async function recorded(make: () => void): Promise<TestTelemetry> {
  await using telemetry = testTelemetry()
  make()
  await telemetry.flush()
  return telemetry
}

function failure(expectation: () => void): string {
  try {
    expectation()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("it passed")
}

describe("toHaveLog", () => {
  const declined = () =>
    recorded(() => {
      logger.emit({
        severityNumber: SeverityNumber.ERROR,
        body: "card declined",
        attributes: { "session.id": "s-1", amount: 12, tags: ["a", "b"] },
      })
      logger.emit({ severityText: "warning", body: { tries: 3 } })
      logger.emit({ body: "plain" })
    })

  test("finds by any of its parts", async () => {
    const telemetry = await declined()
    expect(telemetry).toHaveLog({ severity: "ERROR", body: /declined/, session: "s-1" })
    expect(telemetry.logs).toHaveLog({ attributes: { amount: 12, tags: ["a", "b"] } })
    expect(telemetry.logs).toHaveLog({ body: { tries: 3 }, severity: "WARN" })
    expect(telemetry.logs).toHaveLog({ body: expect.stringContaining("card") as unknown })
    expect(telemetry.logs).not.toHaveLog({ severity: "ERROR", body: "plain" })
  })

  test("tells what is other about the nearest", async () => {
    const telemetry = await declined()
    expect(
      failure(() =>
        expect(telemetry.logs).toHaveLog({ severity: "ERROR", body: /accepted/, attributes: { amount: 12 } }),
      ),
    ).toBe(
      `
expected a log with severity: "ERROR", body: /accepted/, attributes: { amount: 12 }

recorded, the nearest first:
  log error "card declined"  amount=12
    ^ body is "card declined"
  log warn "{\\"tries\\":3}"
    ^ severity is "WARN"
    ^ body is {"tries":3}
    ^ amount is not there
  log "plain"
    ^ severity is not there
    ^ body is "plain"
    ^ amount is not there`.trim(),
    )
    expect(failure(() => expect([]).toHaveLog({ body: "x" }))).toBe(
      'expected a log with body: "x"\n\nno log was recorded',
    )
    expect(failure(() => expect(telemetry).not.toHaveLog({ body: "plain" }))).toBe(
      'no log was expected with body: "plain"\n\nthere is:\n  log "plain"',
    )
    expect(failure(() => expect(7).toHaveLog({}))).toContain("this is something else")
  })
})

describe("toHaveMetric", () => {
  const measured = () =>
    recorded(() => {
      const meter = metrics.getMeter("shop")
      meter.createCounter("orders", { unit: "{order}" }).add(2, { paid: true })
      const histogram = meter.createHistogram("price")
      histogram.record(5)
      histogram.record(7)
    })

  test("finds by name, value, type, unit and attributes", async () => {
    const telemetry = await measured()
    expect(telemetry).toHaveMetric({ name: "orders", value: 2, unit: "{order}", attributes: { paid: true } })
    expect(telemetry.metrics).toHaveMetric({ name: "price", type: "histogram", value: { count: 2, sum: 12 } })
    expect(telemetry).not.toHaveMetric({ name: "orders", type: "gauge" })
  })

  test("tells which values there are", async () => {
    const telemetry = await measured()
    expect(failure(() => expect(telemetry).toHaveMetric({ name: "orders", value: 3 }))).toBe(
      'expected a metric with name: "orders", value: 3\n\nrecorded:\n  orders  sum  {order}\n    {"paid":true}  2',
    )
    expect(failure(() => expect(telemetry).toHaveMetric({ name: "sales" }))).toMatch(
      /^expected a metric with name: "sales"\n\nrecorded are only .*orders, price/,
    )
    expect(failure(() => expect({ metrics: [] }).toHaveMetric({ name: "sales" }))).toBe(
      'expected a metric with name: "sales"\n\nno metric was recorded; await flush() collects them',
    )
  })
})

describe("toMatchTrace", () => {
  const directory = mkdtempSync(join(tmpdir(), "clickstack-traces-"))
  const file = join(directory, "traces", "order.trace")
  const { CI } = process.env
  // On CI vitest writes no snapshots, and so no traces; here that is what is tested.
  beforeEach(() => {
    delete process.env["CI"]
    Object.assign(expect.getState().snapshotState, { _updateSnapshot: "new" })
  })
  afterEach(() => {
    rmSync(join(directory, "traces"), { recursive: true, force: true })
    for (const [name, value] of Object.entries({ CI, UPDATE_TRACES: undefined })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  const order = (system = "postgresql") =>
    recorded(() =>
      tracer.startActiveSpan("GET /orders/:id", { kind: SpanKind.SERVER }, (request) => {
        const { traceId } = request.spanContext()
        request.setAttributes({
          "url.full": `http://127.0.0.1:${20_000 + Math.floor(Math.random() * 9999)}/orders/7`,
          "server.port": 20_000 + Math.floor(Math.random() * 9999),
          "app.order.trace": traceId,
          "app.order.key": crypto.randomUUID(),
          "app.order.time": new Date().toISOString(),
        })
        request.addEvent("paid")
        tracer.startSpan("query", { kind: SpanKind.CLIENT, attributes: { "db.system.name": system } }).end()
        logger.emit({ severityNumber: 9, body: `order of ${traceId}` })
        request.end()
      }),
    )

  test("writes the file, draws the same in every run, and compares", async () => {
    expect(await order()).toMatchTrace(file)
    expect(readFileSync(file, "utf8")).toBe(`\
GET /orders/:id  server  app.order.key=<id 1>  app.order.time=<time>  app.order.trace=<id 2>  server.port=<port>  url.full=http://127.0.0.1:<port>/orders/7
  event paid
  query  client  db.system.name=postgresql
  log info "order of <id 2>"
`)
    expect(await order()).toMatchTrace(file)
    const other = await order("mysql")
    expect(failure(() => expect(other).toMatchTrace(file))).toBe(
      `
the trace is not as in ${file}; UPDATE_TRACES=1 writes it anew

  GET /orders/:id  server  app.order.key=<id 1>  app.order.time=<time>  app.order.trace=<id 2>  server.port=<port>  url.full=http://127.0.0.1:<port>/orders/7
    event paid
-   query  client  db.system.name=postgresql
+   query  client  db.system.name=mysql
    log info "order of <id 2>"`.trim(),
    )
    process.env["UPDATE_TRACES"] = "1"
    expect(other).toMatchTrace(file)
    expect(readFileSync(file, "utf8")).toContain("mysql")
  })

  test("draws only what is asked for, and replaces what else changes", async () => {
    const telemetry = await order()
    const options = {
      attributes: ["db.system.name"],
      events: false,
      replace: [[/order of .*?"/, 'order of <x>"']],
    } as const
    expect(telemetry.traces()[0]).toMatchTrace(file, options)
    expect(readFileSync(file, "utf8")).toBe(
      'GET /orders/:id  server\n  query  client  db.system.name=postgresql\n  log info "order of <x>"\n',
    )
  })

  test("writes nothing on CI, and says so", async () => {
    process.env["CI"] = "true"
    const telemetry = await order()
    expect(failure(() => functions.assertMatchesTrace(telemetry, file, { attributes: false }))).toBe(
      `${file} is missing, and is not written on CI; run the test elsewhere, and commit it\n\nGET /orders/:id  server\n  event paid\n  query  client\n  log info "order of <id 1>"`,
    )
    expect(existsSync(file)).toBe(false)
  })
})

describe("toFollowConventions", () => {
  test("has nothing against what follows them", async () => {
    const telemetry = await recorded(() =>
      tracer.startActiveSpan("GET /orders/:id", { kind: SpanKind.SERVER }, (span) => {
        span.setAttributes({
          "http.request.method": "GET",
          "http.method": "GET", // the old name beside the new one
          "http.route": "/orders/:id",
          "http.request.header.x-tenant": ["a"],
          "shop.order.id": 7,
        })
        span.recordException(new Error("no stock"))
        span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      }),
    )
    expect(telemetry).toFollowConventions()
    expect(failure(() => expect(telemetry).not.toFollowConventions())).toContain("which was not expected")
  })

  test("finds unknown and deprecated names, cardinality, errors without a reason, orphans and clocks", async () => {
    const telemetry = await recorded(() => {
      const now = Date.now()
      tracer.startActiveSpan("GET /orders/7131", { startTime: now }, (span) => {
        span.setAttributes({ "http.method": "GET", "http.rout": "/", userId: 7 })
        span.setStatus({ code: SpanStatusCode.ERROR })
        tracer.startSpan("child", { startTime: now - 60_000 }).end()
        span.end()
      })
      tracer.startActiveSpan("never ends", () => tracer.startSpan("orphan").end())
      logger.emit({ body: "hello", attributes: { "db.statement": "SELECT 1" } })
    })
    expect(failure(() => expect(telemetry).toFollowConventions())).toBe(
      `
8 findings against the semantic conventions:
  deprecated: span "GET /orders/7131": http.method is deprecated, use http.request.method
  names: span "GET /orders/7131": http.rout is unknown in the namespace http, did you mean http.route
  names: span "GET /orders/7131": userId has no namespace; something like app.user_id would not clash
  cardinality: span "GET /orders/7131" has a number in its path in its name; put that into an attribute
  errors: span "GET /orders/7131" failed, and has neither an exception nor error.type
  clock: span "child" began 60000 ms before its parent "GET /orders/7131"
  orphans: span "orphan" has a parent in this process that was not recorded: it was not ended, or not sampled
  deprecated: log "hello": db.statement is deprecated, use db.query.text`.trim(),
    )
    expect(telemetry).toFollowConventions({
      ignore: ["errors", "orphans", "clock", "cardinality", "deprecated"],
      allow: ["userId", /^http\.r/],
    })
  })

  test.each([
    ["GET /users/3f2b8e8e-9c1d-4a53-8a7e-0d9d0f6f2c11", "a UUID"],
    ["job 4bf92f3577b34da6a3ce929d0e0e4736", "an id"],
    ["order 1234567", "a long number"],
    ["GET /search?q=shoes", "a query string"],
    ["mail to a@example.com", "an e-mail address"],
    ["SELECT * FROM t WHERE id = 7", "a value in its SQL"],
  ])("finds in a name like %s %s", async (name, what) => {
    const telemetry = await recorded(() => tracer.startSpan(name).end())
    expect(failure(() => expect(telemetry).toFollowConventions())).toContain(`has ${what} in its name`)
  })
})

describe("toBeFreeOf", () => {
  const secret = "hunter2/+&"
  const places: [string, () => void, RegExp][] = [
    ["a span's name", () => tracer.startSpan(`log in ${secret}`).end(), /secret 1 in spans\[0\]\.name$/m],
    [
      "an attribute",
      () => tracer.startSpan("x", { attributes: { "app.a": ["b", secret] } }).end(),
      /secret 1 in spans\[0\]\.attributes\["app\.a"\]\[1\]$/m,
    ],
    [
      "an attribute's name",
      () => tracer.startSpan("x", { attributes: { [secret]: 1 } }).end(),
      /secret 1 in the name of spans\[0\]/,
    ],
    [
      "a URL",
      () =>
        tracer
          .startSpan("x", { attributes: { "url.full": `http://a/?p=${encodeURIComponent(secret)}` } })
          .end(),
      /secret 1 \(URL-encoded\) in spans\[0\]\.attributes\["url\.full"\]/,
    ],
    [
      "a header",
      () => logger.emit({ body: `Basic ${btoa(`me:${secret}`)} ${btoa(secret)}` }),
      /secret 1 \(as base64\) in logs\[0\]\.body/,
    ],
    [
      "a log's nested body",
      () => logger.emit({ body: { deep: [{ down: secret }] } }),
      /secret 1 in logs\[0\]\.body\.deep\[0\]\.down/,
    ],
    [
      "an exception",
      () => {
        const span = tracer.startSpan("x")
        span.recordException(new Error(secret))
        span.end()
      },
      /secret 1 in spans\[0\]\.events\[0\]\.attributes\["exception\.message"\]/,
    ],
    [
      "a metric's attribute",
      () => metrics.getMeter("x").createCounter("c").add(1, { a: secret }),
      /secret 1 in metrics\[\d+\]\.points\[0\]\.attributes\.a/,
    ],
  ]
  test.each(places)("finds a secret in %s, and does not repeat it", async (_, make, path) => {
    const telemetry = await recorded(make)
    const message = failure(() => expect(telemetry).toBeFreeOf([secret, "other secret"]))
    expect(message).toMatch(/^secrets were recorded:\n/)
    expect(message).toMatch(path)
    expect(message).not.toContain(secret)
  })

  test("passes without, and refuses what is too short to be one", async () => {
    const telemetry = await recorded(() => tracer.startSpan("x").end())
    expect(telemetry).toBeFreeOf([secret, /\bsk_live_\w+/])
    expect(failure(() => expect(telemetry).toBeFreeOf("x"))).toBe(
      'a secret is text of at least 4 letters, or a regular expression; this is "x"',
    )
  })
})

test("for node:assert, each is a function that throws an AssertionError", async () => {
  const telemetry = await recorded(() => {
    tracer.startSpan("job").end()
    logger.emit({ body: "done" })
    metrics.getMeter("x").createCounter("jobs").add(1)
  })
  functions.assertTrace(telemetry, "job")
  functions.assertLog(telemetry, { body: "done" })
  functions.assertMetric(telemetry, { name: "jobs", value: 1 })
  functions.assertConventions(telemetry)
  functions.assertFreeOf(telemetry, "secret")
  const failing: (() => void)[] = [
    () => functions.assertTrace(telemetry, "other job"),
    () => functions.assertLog(telemetry, { body: "begun" }),
    () => functions.assertMetric(telemetry, { name: "jobs", value: 2 }),
    () =>
      functions.assertConventions({
        traces: () => [],
        logs: [{ ...telemetry.logs[0]!, attributes: { userId: 1 } }],
      }),
    () => functions.assertFreeOf(telemetry, "done"),
  ]
  for (const one of failing) expect(one).toThrow(AssertionError)
})
