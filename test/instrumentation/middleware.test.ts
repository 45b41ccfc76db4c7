// The middleware of each framework, in an app of its own process: with the SDK's instrumentation, and alone, where it
// has to make the server span itself. What the app answers must be the same without any of it.
import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { codeBlocks } from "../markdown.ts"
import { runNode } from "../run-node.ts"

const here = fileURLToPath(new URL(".", import.meta.url))

interface Outcome {
  readonly answers: readonly (readonly [method: string, path: string, status: number, body: string])[]
  readonly spans: readonly Record<string, unknown>[]
}

async function run(path: string, framework: string, mode: string, middleware: string): Promise<Outcome> {
  const args = [`${path}/run.mjs`, framework, mode, middleware]
  const { code, stdout, stderr } = await runNode(args, { cwd: here })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return JSON.parse(stdout) as Outcome
}

// A copy, from where the previous versions are found.
const newest = "fixtures/middleware"
const previous = "previous/dist/middleware"
beforeAll(() => cpSync(join(here, newest), join(here, previous), { recursive: true }))

describe.each([
  ["express", "the newest version", newest],
  ["express", "the version before", previous],
  ["fastify", "the newest version", newest],
  ["fastify", "the version before", previous],
  ["koa", "the newest version", newest],
  ["koa", "the version before", previous],
  ["hono", "the newest version", newest],
  ["nest", "the newest version", newest],
])("%s, %s", (framework, _, path) => {
  test.each(["instrumented", "alone"])("%s: session, route, errors; the answers stay", async (mode) => {
    const [outcome, without] = [
      await run(path, framework, mode, "with"),
      await run(path, framework, mode, "without"),
    ]
    expect(outcome.answers).toEqual(without.answers)
    const { answers } = outcome
    const created = framework === "nest" ? 201 : 200
    expect(answers.map(([method, asked, status]) => `${method} ${asked} ${status}`)).toEqual([
      "GET /orders/7?visit=named 200",
      "GET /orders/8 200",
      `POST /orders ${created}`,
      "GET /broken?visit=named 500",
      "GET /teapot 418",
    ])
    const work = (session: string) => ({
      name: "work",
      kind: 0,
      session,
      error: false,
      exceptions: [],
      isRoot: false,
    })
    const request = (method: string, route: string, status: number, session: string, exception?: string) => ({
      name: `${method} ${route}`,
      kind: 1,
      session,
      route,
      status,
      error: status >= 500,
      exceptions: exception === undefined ? [] : [exception],
      // Otherwise the client of this very process is traced, too.
      isRoot: mode === "alone",
    })
    expect(outcome.spans).toEqual([
      work("named"),
      request("GET", "/orders/:id", 200, "named"),
      work("came"),
      request("GET", "/orders/:id", 200, "came"),
      work("came"),
      request("POST", "/orders", created, "came"),
      request("GET", "/broken", 500, "named", "out of stock"),
      request("GET", "/teapot", 418, "came"),
    ])
  })
})

describe("the README's middleware", () => {
  const readme = readFileSync(new URL("../../packages/node/README.md", import.meta.url), "utf8")
  const blocks = codeBlocks(readme).filter(({ language }) => language === "mjs")

  test("has an example of each", () => {
    expect(blocks.map(({ code }) => /@clickstack\/node\/(\w+)/.exec(code)?.[1])).toEqual([
      "express",
      "fastify",
      "koa",
      "hono",
      "nest",
      "lambda",
      "vercel",
    ])
  })

  test.each(blocks)("runs: the code in line $line", async ({ code }) => {
    const args = ["--input-type=module", "--eval", code]
    const { code: exitCode, stdout, stderr } = await runNode(args, { cwd: here })
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "", stderr: "" })
  })
})
