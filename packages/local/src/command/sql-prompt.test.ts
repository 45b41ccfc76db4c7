import { once } from "node:events"
import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { promptForSql } from "./sql-prompt.ts"

/** What was run, when these keys were pressed one after the other. */
async function press(...keys: readonly string[]) {
  const input = new PassThrough()
  const output = new PassThrough()
  const ran: string[] = []
  let shown = ""
  output.on("data", (chunk: Buffer) => (shown += chunk.toString()))
  const done = promptForSql({
    input,
    output,
    run: async (statement) => {
      ran.push(statement)
      return !statement.includes("bad")
    },
    stopped: new Promise(() => {}),
  })
  for (const key of keys) {
    input.write(key)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { ran, isGood: await done, shown }
}

test("a statement runs when a semicolon ends its line, and Ctrl-D ends the prompt", async () => {
  expect(await press("SELECT 1;\r", "SELECT\r", "2;\r", "\u0004")).toMatchObject({
    ran: ["SELECT 1;\n", "SELECT\n2;\n"],
    isGood: true,
  })
})

test("Ctrl-C lets go of a statement and runs nothing of it; without one it ends the prompt", async () => {
  const { ran, shown } = await press(
    "DROP TABLE a\r",
    "\u0003",
    "SELECT bad",
    "\u0003",
    "SELECT 3;\r",
    "\u0003",
  )
  expect(ran).toEqual(["SELECT 3;\n"])
  expect(shown.split("^C")).toHaveLength(3)
})

test.each(["exit\r", "quit;\r", "\\q\r"])("%j ends the prompt", async (word) => {
  expect(await press("SELECT bad;\r", word)).toMatchObject({ ran: ["SELECT bad;\n"], isGood: false })
})

test("what ends the prompt while a statement runs ends it when that is done, and holds the keyboard no longer", async () => {
  const input = new PassThrough()
  const output = new PassThrough()
  let shown = ""
  output.on("data", (chunk: Buffer) => (shown += chunk.toString()))
  const done = promptForSql({
    input,
    output,
    run: async () => {
      input.write("\u0004")
      await new Promise((resolve) => setImmediate(resolve))
      return true
    },
    stopped: new Promise(() => {}),
  })
  input.write("SELECT 1;\r")
  expect(await done).toBe(true)
  expect(input.isPaused()).toBe(true)
  expect(shown.split("SELECT 1;")[1]).not.toContain("clickstack>")
})

test("Ctrl-C stops the statement that runs, and the prompt asks for the next", async () => {
  const input = new PassThrough()
  const output = new PassThrough()
  const ran: [string, boolean][] = []
  const done = promptForSql({
    input,
    output,
    run: async (statement, signal) => {
      if (ran.length === 0) {
        const stopped = once(signal, "abort")
        input.write("\u0003")
        await stopped
        setImmediate(() => input.write("SELECT 2;\r"))
      } else setImmediate(() => input.write("\u0004"))
      ran.push([statement, signal.aborted])
      return true
    },
    stopped: new Promise(() => {}),
  })
  input.write("SELECT 1;\r")
  await done
  expect(ran).toEqual([
    ["SELECT 1;\n", true],
    ["SELECT 2;\n", false],
  ])
})
