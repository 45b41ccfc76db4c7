import { once } from "node:events"
import { expect, test } from "vitest"
import { createLive } from "../live.ts"
import { resolveOptions } from "../options.ts"
import type { Reader } from "../read/reader.ts"
import { startApiServer } from "./api-server.ts"

test("a question ends when the one who asked has left, and that is nobody's trouble", async () => {
  const warnings: string[] = []
  const config = resolveOptions({ onWarning: (message) => warnings.push(message) })
  let asked!: (signal: AbortSignal) => void
  const question = new Promise<AbortSignal>((resolve) => (asked = resolve))
  const readerFor = (signal: AbortSignal) =>
    ({
      services: async () => {
        asked(signal)
        await once(signal, "abort")
        throw new Error("stopped")
      },
    }) as Partial<Reader> as Reader
  const server = await startApiServer(0, config, readerFor, createLive())
  const leave = new AbortController()
  const answer = fetch(`http://127.0.0.1:${server.port}/api/services`, { signal: leave.signal })
  const signal = await question
  expect(signal.aborted).toBe(false)
  leave.abort()
  await expect(answer).rejects.toThrow("aborted")
  await expect.poll(() => signal.aborted).toBe(true)
  await server.close()
  expect(warnings).toEqual([])
})
