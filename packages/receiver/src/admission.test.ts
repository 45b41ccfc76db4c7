import { expect, test } from "vitest"
import { createAdmission } from "./admission.ts"
import { defaultLimits } from "./options.ts"

const overloaded = expect.objectContaining({ code: "OVERLOADED", retryable: true, retryAfter: 5 })

test("lets as many in as configured, signal by signal, and again when one has left", () => {
  const admission = createAdmission({ ...defaultLimits, requests: 2 })
  const leave = admission.enter("traces")
  admission.enter("traces")
  expect(() => admission.enter("traces")).toThrow(overloaded)
  expect(() => admission.check("traces")).toThrow(overloaded)
  admission.enter("logs")
  leave()
  admission.check("traces")
  admission.enter("traces")
})

test("holds bytes up to the limit, and gets them back once", () => {
  const admission = createAdmission({ ...defaultLimits, inFlightBytes: 100 })
  const [first, second] = [admission.lease(), admission.lease()]
  first.take(60)
  second.take(40)
  expect(() => second.take(1)).toThrow(overloaded)
  first.release()
  first.release()
  second.take(60)
  expect(() => second.take(1)).toThrow(overloaded)
})

test("takes requests beside others while the process's memory has room for them decoded, and one alone always", () => {
  let resident = 1000
  const admission = createAdmission({ ...defaultLimits, residentBytes: 2000 }, () => resident)
  const [first, second] = [admission.lease(), admission.lease()]
  first.take(100)
  second.take(25)
  expect(() => second.take(1)).toThrow(overloaded)
  second.release()
  resident = 3000
  expect(() => second.take(1)).toThrow(overloaded)
  first.take(1000)
  first.release()
  second.take(1)
})
