// What the package's README says can be run, or is complete.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { startLocal } from "@clickstack/local"
import { expect, test } from "vitest"
import { post } from "./otlp.ts"
import { clickstack } from "./run-clickstack.ts"
import { freePorts } from "./temporary.ts"

const readme = readFileSync(new URL("../../packages/local/README.md", import.meta.url), "utf8")

test("the example of the library runs as it stands", async () => {
  const [, code = ""] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  const cwd = fileURLToPath(new URL("..", import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", code],
    { cwd },
  )
  expect(stderr).toBe("")
  expect(stdout).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+\n0 one\n1\n\n0\n$/,
  )
})

test("the log that is sent by hand is stored, as of now", async () => {
  const [, payload = ""] = /-d '(\{.*\})'\n/.exec(readme) ?? []
  await using local = await startLocal({ memory: true, ...freePorts })
  const before = Date.now()
  expect((await post(local.otlp.http, "logs", payload)).status).toBe(200)
  const { logs } = await local.read.logs({ from: "5m", text: "hello" })
  expect(logs.map(({ body }) => body)).toEqual(["hello"])
  expect(Date.parse(logs[0]?.time ?? "")).toBeGreaterThanOrEqual(before - 1)
})

test("every path of the API is in it, with its parameters", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const get = async (path: string) =>
    ((await (await fetch(local.url + path)).json()) as { error: string }).error
  const paths = (await get("/nothing")).split("there are ")[1]?.split(", ") ?? []
  expect(paths.length).toBeGreaterThan(10)
  for (const path of paths) {
    const written = path.replace("metrics/:name", "metrics/NAME").replace(":id", "ID")
    expect(readme).toContain(`| \`${written}\` `)
  }
  for (const path of ["logs", "traces", "metrics/x", "live", "sessions"]) {
    const error = await get(`/api/${path}?unheard=1`)
    const row =
      readme.split("\n").find((line) => line.startsWith(`| \`/api/${path.replace("/x", "/NAME")}\``)) ?? ""
    const named = (error.split("there are ")[1] ?? "").split(", ").map((name) => name.replace(/\.$/, ".KEY"))
    for (const name of named) expect(row).toMatch(new RegExp(`[\` ]${name.replace(".", "\\.")}[\` ]`))
  }
})

test("every command that it lists is there, and no other", async () => {
  const { stdout } = await clickstack(["--help"])
  const commands = [...stdout.matchAll(/^ {2}clickstack (\w+)/gm)].map(([, name]) => name)
  const listed = [...readme.matchAll(/^ {4}clickstack (\w+)/gm)].map(([, name]) => name)
  expect(new Set(listed)).toEqual(new Set(commands.filter((name) => name !== "local")))
  for (const name of commands) {
    const help = await clickstack([name ?? "", "--help"])
    expect([name, help.code, help.stderr]).toEqual([name, 0, ""])
  }
})
