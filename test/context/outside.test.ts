// What apps may call anywhere, before init() and outside of a trace.
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runNode } from "../run-node.ts"

const cwd = fileURLToPath(new URL(".", import.meta.url))
const evaluate = (code: string) => runNode(["--input-type=module", "--eval", code], { cwd })

test("before init() functions run, nothing is recorded, and the SDK is not loaded", async () => {
  const { code, stdout, stderr } = await evaluate(`
    import { createRequire } from "node:module"
    import * as clickstack from "@clickstack/node"
    import { errorHandler, middleware } from "@clickstack/node/express"
    const { carryTrace, continueTrace, setSession, setTraceAttributes, withSession, withSpan } = clickstack
    setSession("s")
    setTraceAttributes({ a: 1 })
    console.log(withSession("s", () => 1), await withSpan("a", async (span) => span.isRecording()))
    console.log(withSpan("a", { b: 1 }, () => 2), carryTrace(), continueTrace({}, () => 3))
    const error = new Error("untouched")
    errorHandler()(error, {}, {}, (passed) => console.log(passed === error))
    const response = { prependOnceListener: () => {} }
    middleware()({ method: "GET", url: "/", headers: {} }, response, () => console.log("next"))
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => /sdk-(trace|logs)/.test(file)))
  `)
  expect({ code, stderr, stdout }).toEqual({
    code: 0,
    stderr: "",
    stdout: "1 false\n2 {} 3\ntrue\nnext\n[]\n",
  })
})

test("outside of a trace one line at level debug says so", async () => {
  const said = (logLevel: string) =>
    evaluate(`
      import { init, setSession, setTraceAttributes } from "@clickstack/node"
      init({ logLevel: "${logLevel}", startupLine: false, instrumentation: false, metrics: false, destination: "otlp" })
      for (let times = 0; times < 3; times++) {
        setTraceAttributes({ a: 1 })
        setSession("s")
      }
    `)
  const debug = await said("debug")
  expect(debug.stderr.split("\n").filter((line) => line.includes("outside"))).toEqual([
    "clickstack: setTraceAttributes() was called outside of a trace",
    "clickstack: setSession() was called outside of a trace",
  ])
  expect(await said("warn")).toEqual({ code: 0, stdout: "", stderr: "" })
})
