// What comes in with a request of plain node:http, and what goes on from it by node:http and fetch: real requests, in a
// process of their own.
import { fileURLToPath } from "node:url"
import type { Options } from "@clickstack/node"
import { beforeAll, describe, expect, test } from "vitest"
import { runNode } from "../run-node.ts"

interface Recorded {
  readonly name?: string
  readonly body?: string
  readonly kind?: number
  readonly traceId: string
  readonly attributes: Record<string, unknown>
}
interface Outcome {
  readonly answers: readonly string[]
  readonly spans: readonly Recorded[]
  readonly logs: readonly Recorded[]
}

async function run(options: Options, ...requests: Record<string, string>[]): Promise<Outcome> {
  const args = ["fixtures/services.mjs", JSON.stringify(options), JSON.stringify(requests)]
  const ended = await runNode(args, { cwd: fileURLToPath(new URL(".", import.meta.url)) })
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return JSON.parse(ended.stdout) as Outcome
}

const traceId = "0af7651916cd43dd8448eb211c80319c"
const traceparent = `00-${traceId}-b7ad6b7169203331-01`
const cookie = `a=b; __rum_sid=${encodeURIComponent(JSON.stringify({ id: "from-cookie", startTime: 1 }))}`
const bodyOf = (answer: string) =>
  JSON.parse(/\{.*\}/s.exec(answer)![0]) as Record<"http" | "fetch", Record<string, string>>

describe("a request", () => {
  const requests = [
    { traceparent, "x-session-id": "from-header" },
    { cookie },
    { baggage: "session.id=from-baggage,user.id=u1,other=x", "x-session-id": "from-header", cookie },
    { "x-session-id": "not accepted!" },
  ]
  let outcome: Outcome
  beforeAll(async () => {
    outcome = await run({}, ...requests)
  })

  test("has one trace and one session in both services, on every span and log", () => {
    const sessions = new Map<string, Set<unknown>>()
    for (const { traceId: id, attributes } of [...outcome.spans, ...outcome.logs]) {
      if (!sessions.has(id)) sessions.set(id, new Set())
      sessions.get(id)!.add(attributes["session.id"])
    }
    expect([...sessions.values()].map((each) => Array.from(each))).toEqual([
      ["from-header"],
      ["from-cookie"],
      ["from-baggage"],
      [undefined],
    ])
    expect(sessions.has(traceId)).toBe(true)
    // For each request a server's span, two clients', two servers' of the inner service; and four logs.
    expect(outcome.spans).toHaveLength(requests.length * 5)
    expect(outcome.logs).toHaveLength(requests.length * 4)
  })

  test("goes on with traceparent and baggage, by node:http and by fetch", () => {
    const [header, , baggage] = outcome.answers.map(bodyOf)
    for (const client of ["http", "fetch"] as const) {
      expect(header![client]["traceparent"]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
      expect(header![client]["baggage"]).toBe("session.id=from-header")
      expect(baggage![client]["baggage"]).toBe("session.id=from-baggage,user.id=u1,other=x")
    }
  })

  test("has the names that the UI reads", () => {
    const server = outcome.spans.find(
      ({ traceId: id, attributes }) => id === traceId && attributes["url.query"],
    )
    expect(server?.attributes).toMatchObject({
      "http.method": "GET",
      "http.url": "http://shop.example/outer?a=b",
      "http.status_code": 200,
      "http.status_text": "OK",
      "net.peer.ip": "127.0.0.1",
    })
    const clients = outcome.spans.filter(({ traceId: id, kind }) => id === traceId && kind === 2)
    expect(clients.map(({ attributes }) => attributes["http.url"])).toEqual([
      expect.stringMatching(/^http:\/\/localhost:\d+\/inner$/),
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/inner$/),
    ])
  })

  test("has attributes of its baggage", () => {
    const withUser = [...outcome.spans, ...outcome.logs].filter(
      ({ attributes }) => attributes["user.id"] === "u1",
    )
    expect(withUser).toHaveLength(5 + 4)
    expect(withUser.every(({ attributes }) => attributes["session.id"] === "from-baggage")).toBe(true)
  })
})

test("from someone who is not trusted begins a trace of its own, without a session", async () => {
  const { answers, spans, logs } = await run(
    { trustIncoming: false },
    { traceparent, baggage: "session.id=evil,user.id=evil", "x-session-id": "evil", cookie },
  )
  expect(JSON.stringify({ answers, spans, logs })).not.toMatch(/evil|from-cookie|0af7651916cd43dd/)
  const { http } = bodyOf(answers[0]!)
  expect(http["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/)
  expect(http["baggage"]).toBeUndefined()
})

test("what is invalid begins a trace of its own, and nothing of it goes on", async () => {
  const { answers } = await run(
    {},
    { traceparent: traceparent.toUpperCase(), tracestate: "a=1", baggage: `bad key=1,ok=1,"=2` },
    { traceparent: `${traceparent}-more`, baggage: "x".repeat(9000) },
  )
  const [first, second] = answers.map(bodyOf)
  expect(first!.http["baggage"]).toBe("ok=1")
  expect(second!.http["baggage"]).toBeUndefined()
  for (const body of [first, second]) expect(body!.http["traceparent"]).not.toContain(traceId)
})

test("another header may name the session, and a browser may ask for the trace", async () => {
  const { answers, spans } = await run({ sessionHeader: "X-Visit", serverTiming: true }, { "x-visit": "v1" })
  expect(spans.every(({ attributes }) => attributes["session.id"] === "v1")).toBe(true)
  const [, traced] = /server-timing: traceparent;desc="00-([0-9a-f]{32})-[0-9a-f]{16}-03"/i.exec(answers[0]!)!
  expect(spans.map((span) => span.traceId)).toEqual(spans.map(() => traced))
})
