// The simulation of packages/node/src/sampling, smaller and through the whole SDK.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runNode } from "../run-node.ts"

type Counts = Record<string, [spans: number, weights: number]>
interface Printed {
  readonly counted: Counts
  readonly truth: Counts
  readonly most: { readonly held: number; readonly heldBytes: number }
  readonly produced: number
  readonly delivered: number
  readonly dropped: Record<string, number>
  readonly sampling: { readonly leftOut: number; readonly held: number }
}

test("100,000 traces through the SDK: the counts are true, errors and slow ones whole", async () => {
  const { code, stdout, stderr } = await runNode([
    fileURLToPath(new URL("fixtures/many.mjs", import.meta.url)),
  ])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const { counted, truth, most, produced, delivered, dropped, sampling } = JSON.parse(stdout) as Printed
  for (const name of ["error", "in error", "slow", "in slow"]) {
    expect([name, counted[name]]).toEqual([name, truth[name]])
  }
  for (const name of ["orders", "users", "in orders", "in users"]) {
    expect([name, Math.abs(counted[name]![1] / truth[name]![1] - 1) < 0.01]).toEqual([name, true])
    expect(counted[name]![0]).toBeLessThan(truth[name]![0] * 0.45)
  }
  expect(most.held).toBeGreaterThan(100)
  expect(most.heldBytes).toBeLessThan(16 * 1024 * 1024)
  expect(Object.values(dropped).every((count) => count === 0)).toBe(true)
  expect(delivered).toBe(produced)
  expect(sampling.held).toBe(0)
  expect(produced + sampling.leftOut).toBe(200_000)
})
