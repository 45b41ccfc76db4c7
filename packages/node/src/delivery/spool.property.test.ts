// Processes that append, deliver, end at any operation of the disk, and start again, in any order: what a spool took
// is delivered, nothing else is, in order, with at most one batch doubled by a crash, and within the cap.
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, expect, test } from "vitest"
import { realDisk } from "./disk.ts"
import { type MortalDisk, mortalDisk } from "./mortal-disk.ts"
import type { Owner } from "./segment-name.ts"
import { newBatchId } from "./queue.ts"
import { createSpool, type Spool } from "./spool.ts"

const root = fs.mkdtempSync(join(tmpdir(), "clickstack-model-"))
afterAll(() => fs.rmSync(root, { recursive: true }))

interface Life {
  readonly owner: Owner
  readonly spool: Spool
  readonly mortal: MortalDisk
}

class World {
  readonly directory = fs.mkdtempSync(join(root, "run-"))
  readonly maxBytes: number
  readonly lives: (Life | undefined)[] = [undefined, undefined, undefined]
  readonly accepted = new Set<string>()
  readonly offered = new Set<string>()
  readonly delivered: string[] = []
  dropped = 0
  adopted = 0
  crashes = 0
  #made = 0
  #ended = new Set<number>()

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  life(slot: number): Life {
    return (this.lives[slot] ??= this.#start())
  }

  #start(): Life {
    const owner: Owner = { host: "0a0b0c0d", pid: ++this.#made, started: "1" }
    const mortal = mortalDisk()
    const spool = createSpool({
      directory: this.directory,
      maxBytes: this.maxBytes,
      maxAge: 1e12,
      onDropped: (items) => (this.dropped += items),
      onAdopted: (items) => (this.adopted += items),
      onTrouble: () => undefined,
      disk: mortal.disk,
      owner,
      hasEnded: (other) => this.#ended.has(other.pid),
    })
    spool.scan()
    return { owner, spool, mortal }
  }

  crash(slot: number): void {
    const life = this.lives[slot]
    if (life === undefined) return
    life.mortal.end()
    for (const file of life.mortal.files) realDisk.close(file)
    this.#ended.add(life.owner.pid)
    this.lives[slot] = undefined
    this.crashes++
  }

  async append(slot: number, bytes: number, sync: boolean): Promise<void> {
    const { spool, owner } = this.life(slot)
    const text = `${owner.pid}/${this.offered.size}/`
    this.offered.add(text)
    const entry = { id: newBatchId(), items: 1, bytes: Buffer.from(text.padEnd(bytes, "x")) }
    if (sync ? spool.appendSync(entry) : await spool.append(entry)) this.accepted.add(text)
  }

  async deliver(slot: number, takes: boolean): Promise<boolean> {
    const { spool } = this.life(slot)
    const batch = await spool.next()
    if (batch === undefined || this.lives[slot]!.mortal.isOver()) return false
    if (takes) {
      this.delivered.push(batch.bytes.toString().replace(/x*$/, ""))
      batch.done()
    } else spool.again()
    return true
  }

  size(): number {
    return realDisk.list(this.directory).reduce((sum, { size }) => sum + size, 0)
  }

  /** All of them end; a last process takes what is left. */
  async finish(): Promise<void> {
    for (const slot of this.lives.keys()) this.crash(slot)
    this.life(0)
    while (await this.deliver(0, true));
  }
}

const slot = fc.nat(2)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      slot,
      bytes: fc.integer({ min: 20, max: 900 }),
      sync: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), slot, takes: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("mortal" as const),
      slot,
      operations: fc.nat(6),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("scan" as const), slot }) },
)

async function run(
  world: World,
  steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
): Promise<void> {
  for (const one of steps) {
    if (one.kind === "append") await world.append(one.slot, one.bytes, one.sync)
    else if (one.kind === "deliver") await world.deliver(one.slot, one.takes)
    else if (one.kind === "mortal") world.life(one.slot).mortal.endAfter(one.operations, one.part)
    else if (one.kind === "scan") world.life(one.slot).spool.scan()
    else if (one.kind === "crash") world.crash(one.slot)
    else {
      const life = world.lives[one.slot]
      await life?.spool.close()
      if (life?.mortal.isOver()) world.crash(one.slot)
      else world.lives[one.slot] = undefined
    }
    for (const [at, life] of world.lives.entries()) if (life?.mortal.isOver()) world.crash(at)
    expect(world.size()).toBeLessThanOrEqual(world.maxBytes)
  }
  await world.finish()
}

test("nothing that was taken is lost, nothing is invented, order is kept", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World(10_000_000)
      await run(world, steps)
      const once = [...new Set(world.delivered)]
      for (const text of once) expect(world.offered).toContain(text)
      for (const text of world.accepted) expect(once).toContain(text)
      expect(world.delivered.length - once.length).toBeLessThanOrEqual(world.crashes)
      for (const [, texts] of byProcess(once)) expect(texts).toEqual(texts.toSorted((a, b) => a - b))
      expect(world.size()).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test("with a small cap what is lost is counted, and the cap is never passed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const world = new World(16_000)
      await run(world, steps)
      const once = new Set(world.delivered)
      const lost = [...world.accepted].filter((text) => !once.has(text))
      expect(lost.length).toBeLessThanOrEqual(world.dropped)
      expect(world.delivered.length - once.size).toBeLessThanOrEqual(world.crashes)
      expect(world.size()).toBe(0)
    }),
    { numRuns: 150 },
  )
})

/** The numbers of the batches of each process, in the order of their delivery. */
function byProcess(texts: readonly string[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  for (const text of texts) {
    const [process, number] = text.split("/") as [string, string]
    numbers.set(process, [...(numbers.get(process) ?? []), Number(number)])
  }
  return numbers
}
