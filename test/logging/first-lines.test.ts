// What an app prints while it starts, such as that it listens, must not make the start longer.
import { expect, test } from "vitest"
import { runLogged } from "./logged.ts"

test("the first lines load nothing of OpenTelemetry, and are recorded all the same", async () => {
  const { stdout, stderr, logs } = await runLogged("first-lines.cjs")
  expect({ stdout, stderr }).toEqual({ stdout: "listening\n", stderr: "0 files of OpenTelemetry\n" })
  expect(logs.map(({ body }) => body)).toEqual(["listening"])
})
