// What is captured of bodies: of each request the same on both sides, exactly what was sent, up to the cap, without secrets.
import { fileURLToPath } from "node:url"
import { type Captured, captureProcess } from "@clickstack/testing"
import { expect, test } from "vitest"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const app = fileURLToPath(new URL("../instrumentation/fixtures/captured-bodies.mjs", import.meta.url))

async function run(env: Record<string, string>) {
  const ended = await captureProcess(app, { node, nodeArgs: ["--no-warnings"], env })
  expect([ended.code, ended.stderr]).toEqual([0, ""])
  return ended
}

type Bodies = [request: string | undefined, response: string | undefined]

/** Of each request, by its method, path and side; none has no entry. */
function bodiesOf({ spans }: Captured): Record<string, Bodies> {
  const found: Record<string, Bodies> = {}
  for (const { kind, attributes } of spans) {
    const { pathname, search } = new URL(String(attributes["http.url"]))
    const bodies: Bodies = [
      attributes["http.request.body"] as string | undefined,
      attributes["http.response.body"] as string | undefined,
    ]
    const name = `${kind} ${String(attributes["http.request.method"])} ${pathname}${search}`
    if (bodies.some((body) => body !== undefined)) found[name] = bodies
  }
  return found
}

const mark = "…[truncated]"
const secrets =
  '{"user":"a","password":"[REDACTED]","nested":{"api_key":"[REDACTED]"},"list":[{"token":"[REDACTED]"}]}'
// 16 KiB less what stands before the text, in characters of two bytes.
const beginning = '{"password":"hunter2","text":"'
const long = `${beginning.replace("hunter2", "[REDACTED]")}${"é".repeat((16_384 - beginning.length) / 2)}${mark}`

/** By node:http; the same on the server's span and on the client's. */
const expected: Record<string, Bodies> = {
  "POST /json": ['{"a":1}', '{"ok":true}'],
  "POST /chunks": [undefined, '{"a":"é"}'],
  "POST /latin1": [undefined, "é"],
  "POST /utf16": [undefined, "é😀"],
  "POST /long": [undefined, long],
  "POST /gzip": [undefined, '{"zipped":1}'],
  "POST /deflate": [undefined, '{"zipped":2}'],
  "POST /deflate-raw": [undefined, '{"zipped":3}'],
  "POST /br": [undefined, '{"zipped":4}'],
  "POST /compress": [undefined, "[compress, not decoded]"],
  "POST /not-gzip": [undefined, "[gzip, not decoded]"],
  "POST /problem": [undefined, '{"title":"no"}'],
  "POST /html": [undefined, "<p>Hello</p>"],
  "POST /twice": [undefined, "[1]"],
  "POST /reused": [undefined, '"first"xxxxxxx'],
  "POST /stream": [undefined, "a b c"],
  "POST /secrets": [undefined, secrets],
  "POST /cut": [undefined, '{"password":"[REDACTED]","half":"'],
  "POST /unread": ['{"unread":1}', "{}"],
  "POST /sent-secrets": [secrets, "{}"],
  "POST /form": ["user=a&password=[REDACTED]&x=1", "{}"],
  "POST /sent-gzip": ['{"sent":1}', "{}"],
  "POST /multipart": [undefined, "{}"],
  "POST /json?fetch": [secrets, "{}"],
  "PUT /gzip": ["a=1", '{"zipped":1}'],
  "PATCH /html": ["[1,2]", "<p>Hello</p>"],
  "PUT /long": ["[]", long],
  "POST /http2": ['{"password":"[REDACTED]"}', '{"second":2}'],
}

test("bodies, both directions, servers and clients, of every kind", async () => {
  const ended = await run({ CLICKSTACK_CAPTURE_BODIES: "both" })
  const { "server POST /bomb": bomb, "client POST /bomb": sameBomb, ...found } = bodiesOf(ended)
  const both = Object.entries(expected).flatMap(([name, bodies]) =>
    ["server", "client"].map((side) => [`${side} ${name}`, bodies]),
  )
  expect(found).toEqual(Object.fromEntries(both))
  // 10 MiB of a letter, of which the cap's worth of compressed bytes would make more than the cap.
  expect(bomb![1]).toMatch(/^a{1000,16384}…\[truncated\]$/)
  expect(sameBomb).toEqual(bomb)
  expect(JSON.stringify(ended.spans)).not.toContain("hunter2")
})

test.each([
  ["request", { CLICKSTACK_CAPTURE_BODIES: "request" }, ['{"a":1}', undefined]],
  ["response", { CLICKSTACK_CAPTURE_BODIES: "response" }, [undefined, '{"ok":true}']],
  [
    "8 bytes",
    { CLICKSTACK_CAPTURE_BODIES: "both", CLICKSTACK_CAPTURE_BODY_BYTES: "8" },
    ['{"a":1}', `{"ok":tr${mark}`],
  ],
  ["only html", { CLICKSTACK_CAPTURE_BODIES: "both", CLICKSTACK_CAPTURE_BODY_TYPES: "text/html" }, undefined],
  ["as existing deployments say it", { HDX_NODE_ADVANCED_NETWORK_CAPTURE: "1" }, ['{"a":1}', '{"ok":true}']],
  ["unsampled", { CLICKSTACK_CAPTURE_BODIES: "both", OTEL_TRACES_SAMPLER: "always_off" }, undefined],
])("only what is asked for: %s", async (_name, env, bodies) => {
  const found = bodiesOf(await run(env))
  expect([found["server POST /json"], found["client POST /json"]]).toEqual([bodies, bodies])
})

test("off, which it is unless asked for, nothing is captured and no file loaded", async () => {
  const off = await run({ LOADED: "yes" })
  expect(bodiesOf(off)).toEqual({})
  expect(JSON.parse(off.stdout)).toEqual([])
  const on = await run({ LOADED: "yes", CLICKSTACK_CAPTURE_BODIES: "both" })
  expect(JSON.parse(on.stdout)).toContain("span-bodies.js")
})
