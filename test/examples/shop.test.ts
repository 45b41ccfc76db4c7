// The example that `npm start` shows, as a real process.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { expect, test } from "vitest"
import { runNode } from "../run-node.ts"

const script = fileURLToPath(new URL("../../examples/shop/index.js", import.meta.url))

test("once: what was sent is there, and shown", { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await runNode([script, "--once"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const shown = stripVTControlCharacters(stdout)
  expect(shown).toContain("115 requests to the shop, all of them recorded\n")
  expect(shown).toMatch(
    /POST \/checkout\/:id +web [█ ]+[\d.]+ m?s\n[\s\S]* {2}GET +web [\s\S]* {4}GET \/stock\/:id +stock [\s\S]* {2}POST +web [\s\S]* {4}POST \/charge +payments /,
  )
  expect(shown).toMatch(/stock +GET \/stock\/:id +69 +0 /)
  expect(shown).toMatch(/payments +POST \/charge +21 +4 /)
  expect(shown).toContain(`payments  POST /charge: card declined for product 18
      charge in payments.js:10
      > if (product % 5 === 3) throw new Error(`)
})

test("until Ctrl-C: it says where to look, and leaves nothing running", { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] })
  let stdout = ""
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
  const ended = once(child, "exit")
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", () => stdout.includes("Ctrl-C ends it all") && resolve())
    child.on("exit", () => reject(new Error(stdout)))
  })
  const address = (name: string) => new RegExp(`${name} +(http://\\S+)`).exec(stdout)?.[1] ?? ""
  expect(await (await fetch(address("Look at it"))).text()).toContain("<title>ClickStack</title>")
  expect(await (await fetch(address("The shop"))).text()).toBe("Plants for every window")
  child.kill("SIGINT")
  expect(await ended).toEqual([0, null])
  await expect(fetch(address("The shop"))).rejects.toThrow("fetch failed")
})

test("an option that it does not know is said", async () => {
  const { code, stderr } = await runNode([script, "--twice"])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^shop: I do not know --twice\n\nusage: npm start/)
})

test("where a usual port is taken it says so, and goes on with free ones", { timeout: 120_000 }, async () => {
  const other = createServer()
  // Whoever has the port already is as good as this.
  await new Promise<void>((resolve) => {
    other.once("error", () => resolve())
    other.listen(4319, "127.0.0.1", resolve)
  })
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] })
  let stdout = ""
  const ended = once(child, "exit")
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString()
      if (stdout.includes("all of them recorded")) resolve()
    })
    child.on("exit", () => reject(new Error(stdout)))
  })
  child.kill("SIGINT")
  expect(await ended).toEqual([0, null])
  other.close()
  expect(stdout).toMatch(
    /^cannot listen on 127\.0\.0\.1 port 43\d\d \(\w+\): .*\. Free ports are taken instead; .*\n\n115/,
  )
})
