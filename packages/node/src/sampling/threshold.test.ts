import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseTracestate } from "../context/trace-state.ts"
import { randomIn, thresholdIn, withThreshold } from "./ot-member.ts"
import { sampleRateOf } from "./sample-rate.ts"
import { parseThreshold, randomOf, reaches, thresholdFor, weightOf } from "./threshold.ts"

describe("the threshold of a ratio, as OpenTelemetry's documents and collector write it", () => {
  test.each([
    [1, "0"],
    [0.75, "4"],
    [0.5, "8"],
    [0.25, "c"],
    [0.125, "e"],
    [0.6, "6666"],
    [0.4, "999a"],
    [2 / 3, "5555"],
    [1 / 3, "aaab"],
    [0.1, "e666"],
    [0.01, "fd70a"],
    [0.001, "ffbe77"],
    [1 / 65536, "ffff"],
    [2 ** -56, "ffffffffffffff"],
  ])("%d is th:%s", (ratio, th) => {
    expect(thresholdFor(ratio)!.th).toBe(th)
    expect(parseThreshold(th)).toEqual(thresholdFor(ratio))
  })

  test("a ratio of nothing has none", () => {
    expect(thresholdFor(0)).toBeUndefined()
    expect(thresholdFor(2 ** -60)).toBeUndefined()
  })

  test("keeps its share to 1 in 65,536 of it", () => {
    for (let ratio = 1; ratio > 1e-9; ratio *= 0.83) {
      expect(Math.abs(thresholdFor(ratio)!.ratio / ratio - 1)).toBeLessThan(2 ** -12)
    }
  })
})

test.each(["", "g", "E6", "0x8", "123456789012345", " 8", "8.0", "-1"])("%j is no threshold", (th) => {
  expect(parseThreshold(th)).toBeUndefined()
})

// The trace id ends in 56 random bits; `rv` stands in their place.
const trace = (random: string) => `fefefefefefefefefe${random}`

test.each([
  ["80000000000000", "8", true],
  ["7fffffffffffff", "8", false],
  ["fd70a3d70a3d71", "fd70a3d70a3d71", true],
  ["fd70a3d70a3d70", "fd70a3d70a3d71", false],
  ["fd70b000000000", "fd70a3d70a3d71", true],
  ["00000000000000", "0", true],
  ["c0000000000000", "c", true],
  ["bfffffffffffff", "c", false],
])("random bits %s and th:%s: %s", (random, th, expected) => {
  expect(reaches(randomOf(trace(random)), parseThreshold(th)!)).toBe(expected)
})

describe("the weight", () => {
  test.each([
    [1, [1]],
    [0.5, [2]],
    [0.1, [10]],
    [0.01, [100]],
    [1 / 7, [7]],
    [0.3, [3, 4]],
    [0.4, [2, 3]],
    [2 / 3, [1, 2]],
    [0.9, [1, 2]],
  ])("of ratio %d is %j, and right in the mean", (ratio, possible) => {
    const threshold = thresholdFor(ratio)!
    const seen = new Set<number>()
    let sum = 0
    const times = 20_000
    for (let index = 0; index < times; index++) {
      const random = (BigInt(Math.floor(((index + 0.5) / times) * 2 ** 32)) << 24n)
        .toString(16)
        .padStart(14, "0")
      if (!reaches(random, threshold)) continue
      const weight = weightOf(threshold, random)
      seen.add(weight)
      sum += weight
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(possible)
    expect(Math.abs(sum / times - 1)).toBeLessThan(0.002)
  })
})

describe("the member ot of tracestate", () => {
  const state = (text: string) => parseTracestate(text)

  test.each([
    [undefined, "ot=th:8"],
    ["vendor=1", "ot=th:8,vendor=1"],
    ["vendor=1,ot=rv:1234;th:c;p:8,other=2", "ot=th:8;rv:1234;p:8,vendor=1,other=2"],
  ])("%s gets a threshold", (before, after) => {
    expect(
      withThreshold(before === undefined ? undefined : state(before), thresholdFor(0.5))!.serialize(),
    ).toBe(after)
  })

  test.each([
    ["ot=th:8", ""],
    ["vendor=1,ot=th:8", "vendor=1"],
    ["ot=rv:00000000000001;th:8,vendor=1", "ot=rv:00000000000001,vendor=1"],
  ])("%s loses its threshold", (before, after) => {
    expect(withThreshold(state(before), undefined)!.serialize()).toBe(after)
  })

  test("too long for all it holds keeps the random bits", () => {
    const long = `ot=x:${"y".repeat(230)};rv:00000000000001,vendor=1`
    expect(withThreshold(state(long), thresholdFor(0.1))!.serialize()).toBe(
      "ot=th:e666;rv:00000000000001,vendor=1",
    )
  })

  test("stays valid, and others' entries as they are, whatever it holds", () => {
    const texts = fc.stringMatching(/^[a-z:;0-9=, ]{0,300}$/)
    fc.assert(
      fc.property(texts, fc.option(fc.double({ min: 0, max: 1, noNaN: true })), (text, ratio) => {
        const before = parseTracestate(`vendor=1,ot=${text.replaceAll(/[,=]/g, "")}x`)
        if (before === undefined) return
        const threshold = ratio === null ? undefined : thresholdFor(ratio)
        const after = withThreshold(before, threshold)!
        expect(parseTracestate(after.serialize())?.serialize()).toBe(after.serialize())
        expect(after.get("vendor")).toBe("1")
        expect(thresholdIn(after)?.th).toBe(threshold?.th)
        expect(randomIn(after, trace("00000000000001"))).toBe(randomIn(before, trace("00000000000001")))
      }),
      { numRuns: 3000, seed: 11 },
    )
  })

  test("a threshold that is not valid is none, and rv counts only whole", () => {
    expect(thresholdIn(state("ot=th:zz"))).toBeUndefined()
    expect(thresholdIn(state("other=th:8"))).toBeUndefined()
    expect(randomIn(state("ot=rv:fd70A3D70A3D71"), trace("00000000000001"))).toBe("fd70a3d70a3d71")
    expect(randomIn(state("ot=rv:fd70"), trace("00000000000001"))).toBe("00000000000001")
  })

  test.each([
    ["ot=th:e666", "f0000000000000", 1, 10],
    ["ot=th:e666", "f0000000000000", 0, 1],
    ["ot=th:e666", "10000000000000", 1, 1],
    ["ot=th:e666;rv:f0000000000000", "10000000000000", 1, 10],
    ["ot=th:0", "10000000000000", 1, 1],
    ["vendor=1", "f0000000000000", 1, 1],
    ["ot=th:ffffffffffffff", "ffffffffffffff", 1, Number.MAX_SAFE_INTEGER],
  ])("%s on a trace that ends in %s, flag %d, counts %d times", (text, random, traceFlags, rate) => {
    const context = { traceId: trace(random), spanId: "1".repeat(16), traceFlags, traceState: state(text)! }
    expect(sampleRateOf(context)).toBe(rate)
  })
})
