import { expect, test } from "vitest"
import { formatTraceparent, parseTraceparent } from "./trace-parent.ts"

const trace = "0af7651916cd43dd8448eb211c80319c"
const span = "b7ad6b7169203331"

test.each([
  ["sampled", `00-${trace}-${span}-01`, 1],
  ["not sampled", `00-${trace}-${span}-00`, 0],
  ["sampled, with a random trace id", `00-${trace}-${span}-03`, 3],
  ["flags of which only two are known", `00-${trace}-${span}-ff`, 3],
  ["flags of which none is known", `00-${trace}-${span}-fc`, 0],
  ["a later version as long as ours", `cc-${trace}-${span}-01`, 1],
  ["a later version that says more", `cc-${trace}-${span}-01-what-comes`, 1],
  ["a later version that ends with a hyphen", `01-${trace}-${span}-01-`, 1],
])("takes %s", (_, header, traceFlags) => {
  expect(parseTraceparent(header)).toEqual({ traceId: trace, spanId: span, traceFlags, isRemote: true })
})

test.each([
  ["no text", undefined],
  ["a number", 1],
  ["nothing", ""],
  ["version ff", `ff-${trace}-${span}-01`],
  ["version 00 that says more", `00-${trace}-${span}-01-more`],
  ["version 00 that ends with a hyphen", `00-${trace}-${span}-01-`],
  ["a later version that goes on without a hyphen", `cc-${trace}-${span}-01.what`],
  ["a version in upper case", `0A-${trace}-${span}-01`],
  ["a version that is not hex", `0g-${trace}-${span}-01`],
  ["a version of one digit", `0-${trace}-${span}-01`],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${span}-01`],
  ["a trace id in upper case", `00-${trace.toUpperCase()}-${span}-01`],
  ["a trace id that is not hex", `00-${trace.replace("a", "g")}-${span}-01`],
  ["a short trace id", `00-${trace.slice(1)}-${span}-01`],
  ["a long trace id", `00-${trace}0-${span}-01`],
  ["a parent id of zeros", `00-${trace}-${"0".repeat(16)}-01`],
  ["a parent id in upper case", `00-${trace}-${span.toUpperCase()}-01`],
  ["a short parent id", `00-${trace}-${span.slice(1)}-01`],
  ["a parent id that is not hex", `00-${trace}-${span.replace("b", "x")}-01`],
  ["flags in upper case", `00-${trace}-${span}-0F`],
  ["flags that are not hex", `00-${trace}-${span}-0x`],
  ["flags of one digit", `00-${trace}-${span}-1`],
  ["no flags", `00-${trace}-${span}-`],
  ["other separators", `00_${trace}_${span}_01`],
  ["spaces before", ` 00-${trace}-${span}-01`],
  ["spaces after", `00-${trace}-${span}-01 `],
  ["two, joined", `00-${trace}-${span}-01,00-${trace}-${span}-01`],
])("refuses %s", (_, header) => {
  expect(parseTraceparent(header)).toBeUndefined()
})

test.each([
  ["sampled", 1, false, "01"],
  ["not sampled", 0, false, "00"],
  ["random", 1, true, "03"],
  ["random and not sampled", 0, true, "02"],
  ["with flags that nobody knows", 0xff, false, "01"],
])("writes ids that are %s", (_, traceFlags, isRandom, flags) => {
  const header = formatTraceparent({ traceId: trace, spanId: span, traceFlags }, isRandom)
  expect(header).toBe(`00-${trace}-${span}-${flags}`)
})

test.each([
  ["a trace id of zeros", { traceId: "0".repeat(32), spanId: span }],
  ["a span id of zeros", { traceId: trace, spanId: "0".repeat(16) }],
  ["ids in upper case", { traceId: trace.toUpperCase(), spanId: span }],
  ["a short id", { traceId: trace.slice(1), spanId: span }],
  ["no ids", {} as never],
])("writes nothing of %s", (_, ids) => {
  expect(formatTraceparent({ ...ids, traceFlags: 1 }, true)).toBeUndefined()
})
