// The testing kit's examples, each run by its runner as its users do.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { captureProcess } from "@clickstack/testing"
import { nodeBinary } from "../tools/node-matrix.mjs"

const example = (name: string) => fileURLToPath(new URL(`../../examples/testing-${name}/`, import.meta.url))

async function runTests(
  name: string,
  script: string,
  { node = process.execPath, nodeArgs = [] as string[], args = [] as string[] },
) {
  const { code, stdout, stderr } = await captureProcess(`${example(name)}${script}`, {
    cwd: example(name),
    preload: false,
    node,
    nodeArgs,
    args,
    env: { CI: "true", NO_COLOR: "1" },
    timeout: 60_000,
  })
  return { code, output: stdout + stderr }
}

test("vitest, two files at the same time", async () => {
  const { code, output } = await runTests("vitest", "node_modules/vitest/vitest.mjs", { args: ["run"] })
  expect(output).toMatch(/Test Files +2 passed[\s\S]*Tests +4 passed/)
  expect(code).toBe(0)
})

test.each([process.versions.node, "24"])("node:test on Node %s", async (version) => {
  const node = version === process.versions.node ? process.execPath : await nodeBinary(version)
  const { code, output } = await runTests("node-test", "shop.test.js", {
    node,
    nodeArgs: ["--test", "--test-reporter=tap"],
  })
  expect(output).toMatch(/# pass 4[\s\S]*# fail 0/)
  expect(code).toBe(0)
})

const jest = { nodeArgs: ["--experimental-vm-modules"] }

test("jest on Node 24.9 and newer: all of it", async () => {
  const node = await nodeBinary("24")
  const { code, output } = await runTests("jest", "node_modules/jest/bin/jest.js", { ...jest, node })
  expect(output).toMatch(/Tests: +5 passed, 5 total/)
  expect(code).toBe(0)
})

test("jest on older ones: processors and processes of their own", async () => {
  const { code, output } = await runTests("jest", "node_modules/jest/bin/jest.js", {
    ...jest,
    args: ["plain.test.js"],
  })
  expect(output).toMatch(/Tests: +2 passed, 2 total/)
  expect(code).toBe(0)
})

test.runIf(process.versions.node.startsWith("20."))("testTelemetry() there: says what to do", async () => {
  const { code, output } = await runTests("jest", "node_modules/jest/bin/jest.js", {
    ...jest,
    args: ["shop.test.js"],
  })
  expect(output).toContain(
    "TestingError: testTelemetry() starts @clickstack/node, which cannot be loaded here: jest loads ES modules since Node.js 24.9",
  )
  expect(code).toBe(1)
})
