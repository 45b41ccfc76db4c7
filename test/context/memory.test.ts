// What is known of a trace goes with it.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runNode } from "../run-node.ts"

test("50,000 traces with 2 KB of attributes each leave nothing in memory", async () => {
  const cwd = fileURLToPath(new URL(".", import.meta.url))
  const { code, stdout, stderr } = await runNode(["--expose-gc", "fixtures/memory.mjs"], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  // Kept, they would be 100 MB.
  expect(Number(stdout)).toBeLessThan(20)
})
