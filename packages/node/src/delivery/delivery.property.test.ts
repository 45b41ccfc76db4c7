// Deliveries of several processes over one spool's directory, to a destination that takes, refuses and fails as it
// likes. They record, send, spill, end well, or end at any operation of the disk, in any order: what the disk took or
// a process that ended well had recorded is delivered or counted, nothing else is, with at most one batch
// doubled by each crash and each lost answer, and within the caps of memory and disk. The statistics agree whenever they
// are asked. What goes out of memory and what goes over the disk are two lines, since neither waits for the other's
// end: in each of them, what one process recorded goes out in the order of its recording.
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import * as fc from "fast-check"
import { afterAll, expect, test } from "vitest"
import { ClickstackError } from "../clickstack-error.ts"
import { encodeSpans } from "../otlp/encode-spans.ts"
import type { EncodedItem } from "../otlp/encoded-item.ts"
import { keepEncoded, keepForJson } from "../otlp/keep-encoded.ts"
import { type Budget, createBudget } from "./budget.ts"
import { createDelivery, type Delivery } from "./delivery.ts"
import { keepPlain, type Keeping } from "./keeping.ts"
import { type MortalDisk, mortalDisk } from "./mortal-disk.ts"
import { createOutages } from "./outages.ts"
import { spanKind } from "./pack.ts"
import { plainSpan } from "./plain-telemetry.ts"
import type { Owner } from "./segment-name.ts"
import { defaultCaps, snapshotSpans } from "./snapshot.ts"
import { createSpool, type Spool } from "./spool.ts"
import { realDisk } from "./disk.ts"

const root = fs.mkdtempSync(join(tmpdir(), "clickstack-model-"))
afterAll(() => fs.rmSync(root, { recursive: true }))

type Kept = ReadableSpan | EncodedItem
type Form = "objects" | "protobuf" | "json"
type Answer = "takes" | "away" | "refuses" | "too large" | "rejects one" | "answer lost"

const batchSize = 4
const queueBytes = 12_000

const resource = resourceFromAttributes({ "service.name": "model" })
const scope = { name: "model" }
const span = (name: string): ReadableSpan =>
  plainSpan(
    { traceId: "0123456789abcdef0123456789abcdef", spanId: "0123456789abcdef", traceFlags: 1 },
    {
      name,
      kind: 0,
      parentSpanContext: undefined,
      startTime: [1, 0],
      endTime: [2, 0],
      duration: [1, 0],
      status: { code: 0 },
      attributes: {},
      events: [],
      links: [],
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    },
  )

/** Names are padded, to be as large as the step says. */
const nameIn = (text: string) => /(?<=id:)\d+\/\d+/.exec(text)![0]
const nameOf = (item: Kept) =>
  nameIn("slab" in item ? item.slab.toString("latin1", item.from, item.to) : item.name)

function keepingFor(form: Form): Keeping<ReadableSpan, Kept> {
  const plain = keepPlain(spanKind, snapshotSpans({ caps: defaultCaps }))
  const keep = {
    objects: () => plain,
    protobuf: () => keepEncoded(spanKind, encodeSpans({ caps: defaultCaps })),
    json: () => keepForJson(plain),
  }
  return keep[form]() as Keeping<ReadableSpan, Kept>
}

interface Life {
  readonly pid: number
  readonly delivery: Delivery<ReadableSpan>
  readonly budget: Budget
  readonly mortal: MortalDisk
  /** What it recorded and its memory took. */
  readonly recorded: Set<string>
}

class World {
  readonly directory = fs.mkdtempSync(join(root, "run-"))
  readonly lives: (Life | undefined)[] = [undefined, undefined, undefined]
  /** What may be neither lost nor forgotten. */
  readonly kept = new Set<string>()
  readonly recorded = new Set<string>()
  /** What the destination took, in order. */
  readonly taken: string[] = []
  /** What it took or refused, each once, by the way that it came. */
  readonly lines: Record<"memory" | "disk", string[]> = { memory: [], disk: [] }
  readonly refused = new Set<string>()
  unbalanced: object | undefined
  dropped = 0
  doublings = 0
  clock = 1
  answers: readonly Answer[] = []
  #answered = 0
  #made = 0
  #named = 0
  #ended = new Set<number>()
  #settled = new Set<string>()
  readonly #maxBytes: number
  readonly #forms: readonly Form[]

  constructor(maxBytes: number, forms: readonly Form[]) {
    this.#maxBytes = maxBytes
    this.#forms = forms
  }

  life(slot: number): Life {
    return (this.lives[slot] ??= this.#start())
  }

  #start(): Life {
    const pid = ++this.#made
    const owner: Owner = { host: "0a0b0c0d", pid, started: "1" }
    const mortal = mortalDisk()
    const budget = createBudget(queueBytes)
    const keeping = keepingFor(this.#forms[pid % this.#forms.length]!)
    const read = { names: new Set<string>() }
    const delivery = createDelivery<ReadableSpan, Kept>((items) => this.#send(items, mortal, read.names), {
      what: "spans",
      place: "test",
      keeping,
      batchSize,
      delay: 0,
      timeout: 60_000,
      budget,
      say: () => undefined,
      outages: createOutages(() => undefined),
      now: () => (this.clock += 0.05),
      random: () => 1,
      openSpool: (on) => {
        const spool = createSpool({
          ...on,
          directory: this.directory,
          maxBytes: this.#maxBytes,
          maxAge: 1e12,
          disk: mortal.disk,
          owner,
          hasEnded: (other) => this.#ended.has(other.pid),
        })
        spool.scan()
        return this.#watched(spool, keeping, read)
      },
    })
    return { pid, delivery, budget, mortal, recorded: new Set() }
  }

  /** Whatever the disk takes must not be lost. */
  #watched(spool: Spool, { decode }: Keeping<ReadableSpan, Kept>, read: { names: Set<string> }): Spool {
    const namesIn = (bytes: Uint8Array) => decode(Buffer.from(bytes)).map(nameOf)
    const accept = (bytes: Uint8Array) => {
      for (const name of namesIn(bytes)) this.kept.add(name)
    }
    return {
      ...spool,
      next: async () => {
        const batch = await spool.next()
        read.names = new Set(batch && namesIn(batch.bytes))
        return batch
      },
      append: async (entry) => {
        const isTaken = await spool.append(entry)
        if (isTaken) accept(entry.bytes)
        return isTaken
      },
      appendSync: (entry) => {
        const isTaken = spool.appendSync(entry)
        if (isTaken) accept(entry.bytes)
        return isTaken
      },
    }
  }

  async #send(
    items: Kept[],
    mortal: MortalDisk,
    fromDisk: ReadonlySet<string>,
  ): Promise<{ rejected: number }> {
    const names = items.map(nameOf)
    const away = new ClickstackError("DELIVERY_FAILED", "away", { retryable: true })
    if (mortal.isOver()) throw away // the process has ended, whatever its objects still do
    const answer = this.answers[this.#answered++ % this.answers.length] ?? "takes"
    const take = (some: readonly string[]) => this.taken.push(...some)
    if (answer === "takes" || answer === "answer lost") take(names)
    if (answer === "rejects one") {
      this.refused.add(names[0]!)
      take(names.slice(1))
    }
    if (answer === "refuses" || (answer === "too large" && items.length === 1)) {
      for (const name of names) this.refused.add(name)
    }
    const line = this.lines[fromDisk.has(names[0]!) ? "disk" : "memory"]
    for (const name of names) {
      if (this.#settled.has(name) || !(this.refused.has(name) || this.taken.includes(name))) continue
      this.#settled.add(name)
      line.push(name)
    }
    if (answer === "answer lost") this.doublings++
    await new Promise(setImmediate) // on its way
    if (answer === "away" || answer === "answer lost" || mortal.isOver()) throw away
    if (answer === "refuses") throw new ClickstackError("DELIVERY_FAILED", "refused")
    if (answer === "too large") throw new ClickstackError("DELIVERY_FAILED", "413", { tooLarge: true })
    return { rejected: answer === "rejects one" ? 1 : 0 }
  }

  push(slot: number, count: number, bytes: number): void {
    const { pid, delivery, recorded, budget } = this.life(slot)
    for (let one = 0; one < count; one++) {
      const name = `${pid}/${++this.#named}`
      const full = delivery.stats().dropped.queue_full
      this.recorded.add(name)
      delivery.push(span(`id:${name}/`.padEnd(bytes, "x")))
      if (delivery.stats().dropped.queue_full === full) recorded.add(name)
      expect(budget.used).toBeLessThanOrEqual(queueBytes)
      this.weigh()
    }
  }

  /** Every item of every process is in one place. */
  weigh(): void {
    for (const life of this.lives) {
      if (life === undefined || life.mortal.isOver()) continue
      const { produced, adopted, delivered, dropped, spooled, waiting } = life.delivery.stats()
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
      if (produced + adopted !== delivered + lost + spooled + waiting) {
        this.unbalanced ??= { produced, adopted, delivered, lost, spooled, waiting }
      }
    }
  }

  /** Asks at many moments, until it is told to stop. */
  watch(): () => void {
    let isOver = false
    const look = async () => {
      for (let turn = 0; turn < 12; turn++) {
        this.weigh()
        await Promise.resolve()
      }
      if (!isOver) setImmediate(() => void look())
    }
    void look()
    return () => (isOver = true)
  }

  crash(slot: number): void {
    const life = this.lives[slot]
    if (life === undefined) return
    life.mortal.end()
    for (const file of life.mortal.files) realDisk.close(file)
    this.#bury(slot, life)
    this.doublings++
    void life.delivery.close(0) // ends its timers
  }

  /** What had not gone out is on disk: all that it recorded counts. */
  async end(slot: number, how: "close" | "exit" | "exit while it closes"): Promise<void> {
    const life = this.lives[slot]
    if (life === undefined) return
    this.doublings++ // what is under way may arrive, and is on disk
    if (how !== "exit") {
      const closed = life.delivery.close(400)
      if (how === "close") await closed
      else for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    }
    if (how !== "close") life.delivery.exit()
    if (life.mortal.isOver()) return this.crash(slot)
    expect(life.delivery.stats()).toMatchObject({ waiting: 0, queueBytes: 0 })
    expect(life.budget.used).toBe(0)
    if (life.delivery.stats().dropped.closed === 0) for (const name of life.recorded) this.kept.add(name)
    if (how !== "close") {
      life.mortal.end()
      for (const file of life.mortal.files) realDisk.close(file)
    }
    this.#bury(slot, life)
  }

  #bury(slot: number, { pid, delivery }: Life): void {
    this.dropped += Object.values(delivery.stats().dropped).reduce((sum, count) => sum + count, 0)
    this.#ended.add(pid)
    this.lives[slot] = undefined
  }

  check(): void {
    for (const [slot, life] of this.lives.entries()) {
      if (life?.mortal.isOver()) this.crash(slot)
      else if (life !== undefined) {
        expect(life.delivery.stats().queueBytes).toBeLessThanOrEqual(queueBytes)
        expect(life.budget.used).toBeLessThanOrEqual(queueBytes)
      }
    }
    expect(this.size()).toBeLessThanOrEqual(this.#maxBytes)
  }

  size(): number {
    return realDisk.list(this.directory).reduce((sum, { size }) => sum + size, 0)
  }

  /** All of them end; a last process sends what is left, and what it records itself. */
  async finish(): Promise<void> {
    for (const slot of this.lives.keys()) this.crash(slot)
    this.answers = []
    this.push(0, 1, 50)
    const { delivery, recorded } = this.life(0)
    await delivery.flush(10_000)
    expect(this.taken).toContain([...recorded][0])
    expect(delivery.stats()).toMatchObject({ waiting: 0, spooled: 0 })
    await this.end(0, "close")
    expect(this.size()).toBe(0)
  }

  doubled(): number {
    return this.taken.length - new Set(this.taken).size
  }
}

const slot = fc.nat(2)
const kind = <K extends string>(name: K) => fc.constant(name)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("push"),
      slot,
      count: fc.integer({ min: 1, max: 9 }),
      bytes: fc.integer({ min: 20, max: 600 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind("flush"), slot, brief: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("go on"), turns: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("wait"), ms: fc.nat(2000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("mortal"),
      slot,
      operations: fc.nat(8),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("crash"), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("end"),
      slot,
      how: fc.constantFrom("close", "exit", "exit while it closes"),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const answers = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: kind<Answer>("takes") },
    { weight: 3, arbitrary: kind<Answer>("away") },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Answer>("refuses", "too large", "rejects one", "answer lost"),
    },
  ),
  { minLength: 1, maxLength: 12 },
)
const forms = fc.constantFrom<readonly Form[]>(["objects"], ["protobuf"], ["json"], ["protobuf", "json"])

async function run(world: World, steps: readonly Step[]): Promise<void> {
  const stop = world.watch()
  try {
    await follow(world, steps)
  } finally {
    stop()
  }
  expect(world.unbalanced).toBeUndefined()
}

async function follow(world: World, steps: readonly Step[]): Promise<void> {
  for (const one of steps) {
    if (one.kind === "push") world.push(one.slot, one.count, one.bytes)
    // Shorter than the pause after a failure, which therefore ends it.
    else if (one.kind === "flush") await world.life(one.slot).delivery.flush(400, { brief: one.brief })
    else if (one.kind === "wait") world.clock += one.ms
    else if (one.kind === "mortal") world.life(one.slot).mortal.endAfter(one.operations, one.part)
    else if (one.kind === "crash") world.crash(one.slot)
    else if (one.kind === "end") await world.end(one.slot, one.how)
    else for (let turn = 0; turn < one.turns; turn++) await new Promise(setImmediate)
    world.check()
  }
  await world.finish()
}

/** The numbers of what each process recorded, in the order given. */
function byProcess(names: readonly string[]): Iterable<number[]> {
  const numbers = new Map<string, number[]>()
  for (const name of names) {
    const [process, number] = name.split("/") as [string, string]
    numbers.set(process, [...(numbers.get(process) ?? []), Number(number)])
  }
  return numbers.values()
}

test("nothing that was kept is lost, nothing is invented, order is kept", async () => {
  await fc.assert(
    fc.asyncProperty(forms, answers, fc.array(step, { maxLength: 40 }), async (used, given, steps) => {
      const world = new World(10_000_000, used)
      world.answers = given
      await run(world, steps)
      const arrived = new Set(world.taken)
      for (const name of arrived) expect(world.recorded).toContain(name)
      const lost = [...world.kept].filter((name) => !arrived.has(name) && !world.refused.has(name))
      expect(lost).toEqual([])
      expect(world.doubled()).toBeLessThanOrEqual(world.doublings * batchSize)
      for (const line of Object.values(world.lines)) {
        for (const numbers of byProcess(line)) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
    }),
    { numRuns: 400 },
  )
}, 120_000)

test("with small caps what is lost is counted, and they are never passed", async () => {
  await fc.assert(
    fc.asyncProperty(forms, answers, fc.array(step, { maxLength: 50 }), async (used, given, steps) => {
      const world = new World(16_000, used)
      world.answers = given
      await run(world, steps)
      const arrived = new Set(world.taken)
      const lost = [...world.kept].filter((name) => !arrived.has(name) && !world.refused.has(name))
      expect(lost.length).toBeLessThanOrEqual(world.dropped)
      expect(world.doubled()).toBeLessThanOrEqual(world.doublings * batchSize)
    }),
    { numRuns: 200 },
  )
}, 120_000)
