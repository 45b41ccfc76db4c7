// How long requests take, of servers and clients over each of Node's ways: seconds, in the conventions' buckets, with few
// values of each attribute, and whether or not their traces are sampled.
import { expect, test } from "vitest"
import { runTraced } from "./traced-app.ts"

interface Durations {
  readonly count: number
  readonly sum: number
  readonly buckets: { readonly boundaries: readonly number[] }
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Each point as one line, with its count; the port's number is another in each run. */
async function durations(env: Record<string, string>) {
  const run = await runTraced("http-metrics", "ES module", { env: () => env })
  const lines = { server: [] as string[], client: [] as string[] }
  for (const side of ["server", "client"] as const) {
    const metrics = run.metrics.filter(({ name }) => name === `http.${side}.request.duration`)
    for (const { unit, type, points } of metrics) {
      expect([unit, type]).toEqual(["s", "histogram"])
      for (const { attributes, value } of points) {
        const { count, sum, buckets } = value as Durations
        expect(buckets.boundaries).toEqual(seconds)
        expect(sum).toBeGreaterThan(0)
        const told = Object.entries(attributes).map(
          ([name, of]) => `${name}=${name === "server.port" ? "port" : String(of)}`,
        )
        lines[side].push([...told.sort(), `x${count}`].join(" "))
      }
    }
    lines[side].sort()
  }
  return { spans: run.spans.length, ...lines }
}

const ofClient = (told: string, version = "1.1") =>
  told.replace(
    "  ",
    ` network.protocol.version=${version} server.address=127.0.0.1 server.port=port url.scheme=http `,
  )

const expected = {
  server: [
    "error.type=500 http.request.method=GET http.response.status_code=500 http.route=/orders/:id network.protocol.version=1.1 url.scheme=http x1",
    "http.request.method=GET http.response.status_code=200 http.route=/orders/:id network.protocol.version=1.1 url.scheme=http x4",
    "http.request.method=GET http.response.status_code=200 network.protocol.version=2 url.scheme=http x1",
    "http.request.method=GET http.response.status_code=404 network.protocol.version=1.1 url.scheme=http x1",
    "http.request.method=_OTHER http.response.status_code=404 network.protocol.version=1.1 url.scheme=http x2",
  ],
  client: [
    ofClient("error.type=404 http.request.method=GET http.response.status_code=404  x1"),
    ofClient("error.type=404 http.request.method=_OTHER http.response.status_code=404  x1"), // node:http
    ofClient("error.type=404 http.request.method=_OTHER http.response.status_code=404  x1"), // fetch
    ofClient("error.type=500 http.request.method=GET http.response.status_code=500  x1"),
    "error.type=ECONNREFUSED http.request.method=GET server.address=127.0.0.1 server.port=port url.scheme=http x1",
    ofClient("http.request.method=GET http.response.status_code=200  x2"), // node:http
    ofClient("http.request.method=GET http.response.status_code=200  x2"), // fetch and undici
    ofClient("http.request.method=GET http.response.status_code=200  x1", "2"),
  ],
}

test.each(["always_on", "always_off"])("durations of requests, sampler %s", async (sampler) => {
  const { spans, ...lines } = await durations({ OTEL_TRACES_SAMPLER: sampler })
  expect(spans > 0).toBe(sampler === "always_on")
  expect(lines).toEqual(expected)
})

test("nothing is measured with metrics off", async () => {
  const { server, client } = await durations({ OTEL_METRICS_EXPORTER: "none" })
  expect({ server, client }).toEqual({ server: [], client: [] })
})
