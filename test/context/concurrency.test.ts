// A thousand requests and as many jobs of a queue, of 50 users, all at once: each span and log has the user and the
// session of its own request, and nothing of any other.
import { EventEmitter } from "node:events"
import { setImmediate, setTimeout } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from "@opentelemetry/api"
import { logs as logsApi } from "@opentelemetry/api-logs"
import {
  type Clickstack,
  init,
  setSession,
  setTraceAttributes,
  withSession,
  withSpan,
} from "@clickstack/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Memory, memory } from "./memory.ts"

const requests = 1000
const users = 50

let clickstack: Clickstack
let kept: Memory
const tracer = trace.getTracer("test")
const log = (body: string) => logsApi.getLogger("test").emit({ body })

beforeAll(() => {
  kept = memory()
  clickstack = init({ ...kept.options, metrics: false, propagateTo: ["queue.example"] })
})
afterAll(() => clickstack.shutdown())

interface Job {
  readonly number: number
  readonly headers: Record<string, string>
}

/** What each span and log says it is of, in its name: the number of the request decides user and session. */
const userOf = (number: number) => `user-${number % users}`
const sessionOf = (number: number) => `session-${number % users}`

/** Pauses of all kinds that an app has, so that the requests mix. */
const pauses = [
  () => Promise.resolve(),
  () => setImmediate(),
  () => setTimeout(1),
  () => new Promise<void>((resolve) => process.nextTick(resolve)),
  () => {
    const emitter = new EventEmitter()
    const heard = new Promise<void>((resolve) => emitter.once("done", resolve))
    void setImmediate().then(() => emitter.emit("done"))
    return heard
  },
]

test("1,000 interleaved requests and their jobs never share a session or an attribute", async () => {
  const queue: Job[] = []
  let done = 0

  async function handle(number: number): Promise<void> {
    // A third each: named by the client, by the app within the request, and around a part of it.
    const way = number % 3
    const headers: Record<string, string> = way === 0 ? { "x-session-id": sessionOf(number) } : {}
    const incoming = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    const span = tracer.startSpan(`request ${number}`, { kind: SpanKind.SERVER }, incoming)
    await context.with(trace.setSpan(incoming, span), async () => {
      const pause = pauses[number % pauses.length]!
      await pause()
      if (way === 1) setSession(sessionOf(number))
      const work = async () => {
        setTraceAttributes({ "user.id": userOf(number) })
        await withSpan(`work ${number}`, async () => {
          await pause()
          log(`log ${number}`)
          await pause()
        })
        const carrier: Record<string, string> = {}
        const options = { kind: SpanKind.PRODUCER, attributes: { "server.address": "queue.example" } }
        tracer.startActiveSpan(`send ${number}`, options, (sending) => {
          propagation.inject(context.active(), carrier, defaultTextMapSetter)
          sending.end()
        })
        queue.push({ number, headers: carrier })
      }
      await (way === 2 ? withSession(sessionOf(number), work) : work())
    })
    span.end()
  }

  /** One loop, started outside of any request, that works for all of them, several at a time. */
  async function consume(): Promise<void> {
    const running = new Set<Promise<void>>()
    while (done < requests) {
      const job = queue.shift()
      if (job === undefined) {
        setTraceAttributes({ "user.id": "nobody: this is outside of a trace" })
        setSession("nobody")
        await setImmediate()
        continue
      }
      done++
      const task = runJob(job).finally(() => running.delete(task))
      running.add(task)
      if (running.size >= 20) await Promise.race(running)
    }
    await Promise.all(running)
  }

  async function runJob({ number, headers }: Job): Promise<void> {
    const incoming = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    await tracer.startActiveSpan(`job ${number}`, { kind: SpanKind.CONSUMER }, incoming, async (span) => {
      setTraceAttributes({ "user.id": userOf(number), "job.number": number })
      await pauses[(number + 1) % pauses.length]!()
      log(`job log ${number}`)
      span.end()
    })
  }

  const consumers = [consume(), consume()]
  await Promise.all(Array.from({ length: requests }, (_, number) => handle(number)))
  await Promise.all(consumers)
  await clickstack.flush()

  expect(kept.spans).toHaveLength(requests * 4)
  expect(kept.logs).toHaveLength(requests * 2)
  const wrong: unknown[] = []
  const all = [
    ...kept.spans.map(({ name, attributes }) => ({ name, attributes })),
    ...kept.logs.map(({ body, attributes }) => ({ name: String(body), attributes })),
  ]
  for (const { name, attributes } of all) {
    const number = Number(/\d+$/.exec(name)![0])
    const isJob = name.startsWith("job")
    const expected = {
      "session.id": sessionOf(number),
      "user.id": userOf(number),
      ...(isJob ? { "job.number": number } : {}),
      ...(name.startsWith("send") ? { "server.address": "queue.example" } : {}),
    }
    if (!isDeepStrictEqual(attributes, expected)) wrong.push({ name, attributes, expected })
  }
  expect(wrong.slice(0, 5)).toEqual([])
  // A request and its job are one trace.
  const traces = new Map<string, Set<string>>()
  for (const span of kept.spans) {
    const { traceId } = span.spanContext()
    if (!traces.has(traceId)) traces.set(traceId, new Set())
    traces.get(traceId)!.add(/\d+$/.exec(span.name)![0])
  }
  expect(traces.size).toBe(requests)
  expect([...traces.values()].every((numbers) => numbers.size === 1)).toBe(true)
})
