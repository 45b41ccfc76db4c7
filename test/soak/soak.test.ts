// A minute of the soak; `node test/dist/soak/soak.js` does it for 30.
import { expect, test } from "vitest"
import { isFlat, soak } from "./soak.ts"

test.runIf(process.env["CI"] === "true")(
  "1,000 spans a second for a minute, to a collector that goes and comes: none is lost, memory is flat",
  { timeout: 180_000 },
  async () => {
    const soaked = await soak(60)
    console.log(JSON.stringify(soaked))
    expect(soaked).toMatchObject({ lost: 0, dropped: 0, spooled: 0, unaccounted: 0 })
    expect(isFlat(soaked)).toBe(true)
  },
)
