// The README's code runs, and its limits are the code's.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { defaultLimits, type ReceivedSpan, startReceiver } from "@clickstack/receiver"
import { expect, test } from "vitest"

const readme = readFileSync(new URL("../../packages/receiver/README.md", import.meta.url), "utf8")
const blocks = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!)

/** Runs code as a module of its own, on free ports, and sends one span to what it calls `name`. */
function run(code: string, name: string): Promise<string> {
  const onFreePorts = code.replace("startReceiver({", "startReceiver({ httpPort: 0,")
  expect(onFreePorts).not.toBe(code)
  const script = `${onFreePorts}
    const body = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"from the README"}]}]}]}'
    const headers = { "content-type": "application/json" }
    const { status } = await fetch(${name}.url + "/v1/traces", { method: "POST", headers, body })
    console.log(status)
    await ${name}.close()
    process.exit()`
  return new Promise((resolve, reject) => {
    const options = { cwd: new URL("..", import.meta.url) }
    execFile(process.execPath, ["--input-type=module", "-e", script], options, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr))
      else resolve(stdout)
    })
  })
}

test("there are two examples", () => {
  expect(blocks).toHaveLength(2)
})

test("the receiver prints the span's name", async () => {
  const output = await run(blocks[0]!, "receiver")
  expect(output).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n\[ 'from the README' \]\n200\n$/)
})

test("the agent sends the span on", async () => {
  const received: ReceivedSpan[] = []
  await using end = await startReceiver({ httpPort: 0, traces: (data) => void received.push(...data) })
  const code = blocks[1]!.replace("http://127.0.0.1:14318", end.url!)
  expect(await run(code, "agent")).toBe("200\n")
  expect(received.map(({ name }) => name)).toEqual(["from the README"])
})

test("the table of limits says what the defaults are", () => {
  const MiB = 1024 * 1024
  const section = readme.slice(readme.indexOf("## Limits"), readme.indexOf("## OTLP"))
  const rows = [...section.matchAll(/^\| `(\w+)` *\| (none|[\d,]+)( MiB)? *\|/gm)].map(
    ([, name, text, unit]) => [
      name,
      text === "none" ? Infinity : Number(text!.replaceAll(",", "")) * (unit === undefined ? 1 : MiB),
    ],
  )
  expect(Object.fromEntries(rows)).toEqual(defaultLimits)
})
