// `npm test` does everything: install, build, check, test; its last line counts what passed and failed. On CI the apps
// are also started with the newest Node.js that they run on in production.
// `pnpm test [name]` is for people at work inside the workspace: it builds and runs the tests, or those whose
// file name holds `name`. Both are the same script of package.json; the caller's name tells them apart.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { check } from "./check.mjs"
import { matrixFiles, nodeBinary } from "./node-matrix.mjs"
import { installAndBuild, tool } from "./workspace.mjs"

const config = ["run", "--config", "test/vitest.config.ts"]

if (process.env["npm_config_user_agent"]?.startsWith("pnpm/")) {
  const built = await tool("tsc", ["-b", "packages"])
  process.exitCode = built.code || (await tool("vitest", [...config, ...process.argv.slice(2)])).code
} else {
  await installAndBuild()
  const results = [await check(), await runTests()]
  if (process.env["CI"] === "true") {
    results.push(await runTests(matrixFiles, { CLICKSTACK_TEST_NODE: await nodeBinary("24") }))
  }
  const skipped = results.flatMap((result) => result.skipped)
  for (const name of skipped) console.log(`skipped: ${name}`)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, 0)
  process.exitCode = failed === 0 ? 0 : 1
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
}

/**
 * @param {string[]} [files] all of them unless some are named
 * @param {NodeJS.ProcessEnv} [variables]
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>}
 */
async function runTests(files = [], variables = {}) {
  const into = mkdtempSync(join(tmpdir(), "clickstack-test-"))
  const report = join(into, "report.json")
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
    const { code } = await tool("vitest", [...config, ...reporters, ...files], {
      env: { ...process.env, ...variables },
    })
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"))
    const skipped = testResults
      .flatMap((/** @type {any} */ file) => file.assertionResults)
      .filter((/** @type {any} */ test) => test.status !== "passed" && test.status !== "failed")
      .map((/** @type {any} */ test) => test.fullName)
    // A file that fails to load, or an error outside of any test, fails the run without a failed test.
    const failed = code === 0 ? numFailedTests : Math.max(1, numFailedTests)
    return { passed: numPassedTests, failed, skipped }
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
}
