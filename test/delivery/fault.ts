// A fault as a declaration: what goes wrong, what happens then, where that is shown, and the run that shows it. The
// page FAULTS.md of @clickstack/node is written from these and from the figures of the runs.
import { readFileSync, writeFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import type { Kind } from "./destination.ts"
import { createWorld, type Tally, type World } from "./world.ts"

export interface Fault {
  /** Cases of one kind share it: D1 to D17, L1 to L5, B1 to B4. */
  readonly id: string
  readonly when: string
  readonly happens: string
  readonly on: readonly Kind[]
  /** For all apps of it. */
  readonly env?: Readonly<Record<string, string>>
  /** Takes so long that it is left to CI. */
  readonly long?: boolean
  /** What this machine cannot make go wrong. */
  readonly missing?: string | undefined
  /** Gives what became of everything, where that is the same each time. */
  readonly run: (world: World) => Promise<Tally | void>
}

export type Figures = Partial<Record<string, Tally>>

const isWriting = process.env["FAULTS"] === "write"
const isCI = process.env["CI"] === "true"

export const keyOf = ({ id, when }: Fault): string => `${id}: ${when}`

const fileOf = (kind: Kind) =>
  new URL(`figures/${kind.replaceAll(/[^a-z0-9.]+/g, "-")}.json`, import.meta.url)

export function readFigures(kind: Kind): Figures {
  try {
    return JSON.parse(readFileSync(fileOf(kind), "utf8")) as Figures
  } catch {
    return {} // none was ever written
  }
}

/** Runs all that can go wrong on one kind of destination; several at once, since most of the time they wait. */
export function runFaults(kind: Kind, faults: readonly Fault[]): void {
  const own = faults.filter(({ on }) => on.includes(kind))
  if (isWriting) keepOnly(kind, new Set(own.map(keyOf)))
  describe.concurrent(kind, () => {
    for (const fault of own) {
      const isSkipped = !isCI && (fault.long === true || fault.missing !== undefined)
      test.skipIf(isSkipped)(keyOf(fault), { timeout: 500_000 }, async () => {
        expect(fault.missing).toBeUndefined()
        await using world = await createWorld(kind, fault.env)
        const tally = await fault.run(world)
        if (isWriting) write(kind, keyOf(fault), tally)
        expect(tally ?? undefined, "FAULTS=write pnpm test test/delivery writes the figures").toEqual(
          readFigures(kind)[keyOf(fault)],
        )
      })
    }
  })
}

function keepOnly(kind: Kind, keys: ReadonlySet<string>): void {
  save(kind, Object.fromEntries(Object.entries(readFigures(kind)).filter(([key]) => keys.has(key))))
}

function write(kind: Kind, key: string, tally: Tally | void): void {
  const { [key]: _before, ...others } = readFigures(kind)
  save(kind, tally === undefined ? others : { ...others, [key]: tally })
}

function save(kind: Kind, figures: Figures): void {
  const sorted = Object.entries(figures).toSorted(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(fileOf(kind), `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
}
