import { createContextKey, ROOT_CONTEXT } from "@opentelemetry/api"
import { array, assert, constantFrom, integer, oneof, property, record } from "fast-check"
import { expect, test } from "vitest"
import { requestRoot } from "./request-context.ts"

const keys = ["a", "b", "c"].map((name) => createContextKey(name))

test("holds what the API's own context holds, whatever is set and deleted, at any length", () => {
  const set = record({ key: constantFrom(...keys), value: integer() })
  const remove = record({ key: constantFrom(...keys) })
  assert(
    property(array(oneof(set, remove), { maxLength: 60 }), (steps) => {
      let ours = requestRoot
      let theirs = ROOT_CONTEXT
      for (const step of steps) {
        ours = "value" in step ? ours.setValue(step.key, step.value) : ours.deleteValue(step.key)
        theirs = "value" in step ? theirs.setValue(step.key, step.value) : theirs.deleteValue(step.key)
        expect(keys.map((key) => ours.getValue(key))).toEqual(keys.map((key) => theirs.getValue(key)))
      }
    }),
  )
})

test("a context never changes when others are made of it", () => {
  const [key] = keys
  const one = requestRoot.setValue(key!, 1)
  one.setValue(key!, 2)
  one.deleteValue(key!)
  expect(one.getValue(key!)).toBe(1)
  expect(requestRoot.getValue(key!)).toBeUndefined()
})
