// durable() and what it sends: by itself exactly what the exporter would have, with `redact` what that gives. That
// nothing is lost is shown in faults-durable.test.ts.
import { describe, expect, test } from "vitest"
import { durable } from "./faults/everywhere.ts"
import { createWorld } from "./world.ts"

describe.each(durable)("%s", (kind) => {
  test.each([
    ["by itself it changes nothing", {}, 50_000, 60_000],
    ["redact sees what is sent", { REDACT: "1" }, 100, 2000],
  ])("%s", async (_, env, least, most) => {
    await using world = await createWorld(kind)
    const app = world.start(env)
    await app.ask("spans", 1, 50_000)
    await app.ask("flush")
    await world.settled(app)
    const [arrival] = world.collector.arrivals
    expect(arrival!.bytes).toBeGreaterThan(least)
    expect(arrival!.bytes).toBeLessThan(most)
  })
})
