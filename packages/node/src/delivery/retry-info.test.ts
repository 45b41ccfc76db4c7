import { expect, test } from "vitest"
import { retryInfo } from "./outcome.ts"

/** google.rpc.Status { code 8, details [Any { type_url, value: RetryInfo { retry_delay: Duration } }] }. */
function status(duration: number[]): Buffer {
  const url = Buffer.from("type.googleapis.com/google.rpc.RetryInfo")
  const info = [0x0a, duration.length, ...duration]
  const any = [0x0a, url.length, ...url, 0x12, info.length, ...info]
  return Buffer.from([0x08, 8, 0x1a, any.length, ...any])
}

test.each([
  ["30 seconds", status([0x08, 30]), 30_000],
  ["300 seconds, in two bytes", status([0x08, 0xac, 0x02]), 300_000],
  ["half a second", status([0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]), 500],
  ["no delay", status([]), 0],
  ["another detail", Buffer.from("type.googleapis.com/google.rpc.QuotaFailure"), undefined],
  ["no status", undefined, undefined],
])("the delay of a RetryInfo: %s", (_, bytes, expected) => {
  expect(retryInfo(bytes)).toBe(expected)
})
