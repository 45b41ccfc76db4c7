// The manual's code is run as it stands there: tests by their runner, scripts by themselves, compared with what they say
// they print.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, expect, test } from "vitest"
import { codeBlocks } from "../markdown.ts"
import { runNode } from "../run-node.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const manual = readFileSync(join(root, "packages/testing/README.md"), "utf8")
const blocks = codeBlocks(manual).filter(({ language }) => language === "js")

// In test/, where the packages are found.
mkdirSync(join(root, "test", "dist"), { recursive: true })
const directory = mkdtempSync(join(root, "test", "dist", "readme-testing-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test("there is code to run", () => expect(blocks.length).toBeGreaterThan(5))

test.each(blocks)("the code in line $line does what it says", async ({ code, line, output }) => {
  const cwd = mkdtempSync(join(directory, "run-"))
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|CI$|NODE_TEST)/.test(name)),
  )
  const run = (args: string[]) => runNode(args, { cwd, env: { ...env, NO_COLOR: "1" } })
  if (code.includes('from "vitest"')) {
    writeFileSync(join(cwd, "readme.test.js"), code)
    writeFileSync(join(cwd, "vitest.config.js"), "export default { test: { include: ['*.test.js'] } }\n")
    const {
      code: exit,
      stdout,
      stderr,
    } = await run([join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", cwd])
    expect({ exit, output: exit === 0 ? "" : stdout + stderr }).toEqual({ exit: 0, output: "" })
    return
  }
  const script = join(cwd, `line-${line}.mjs`)
  writeFileSync(script, code)
  const isTest = code.includes('from "node:test"')
  const {
    code: exit,
    stdout,
    stderr,
  } = await run([...(isTest ? ["--no-warnings", "--test", "--test-reporter=tap"] : []), script])
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" })
  if (isTest) expect(stdout).toMatch(/# pass [1-9]\d*\n# fail 0/)
  else expect(stdout).toBe(output ?? "")
})
