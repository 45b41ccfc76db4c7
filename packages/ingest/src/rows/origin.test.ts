import { expect, test } from "vitest"
import { resourceAttributes, serviceName } from "./origin.ts"

const session = (id: string) => ({ "session.id": id })

test("the resource's own attributes where there is no session", () => {
  const attributes = { a: 1 }
  expect(resourceAttributes({ attributes }, {})).toBe(attributes)
})

test("a resource that knows its session keeps it", () => {
  const attributes = { "rum.sessionId": "browser" }
  expect(resourceAttributes({ attributes }, session("other"))).toBe(attributes)
})

test("the same object for the same resource and session, so that its bytes are copied", () => {
  const [one, other] = [{ attributes: { a: 1 } }, { attributes: { a: 1 } }]
  const joined = resourceAttributes(one, session("s"))
  expect(joined).toEqual({ a: 1, "rum.sessionId": "s" })
  expect(resourceAttributes(one, session("s"))).toBe(joined)
  expect(resourceAttributes(one, session("t"))).toEqual({ a: 1, "rum.sessionId": "t" })
  expect(resourceAttributes(other, session("s"))).not.toBe(joined)
})

test("only so many sessions of a resource are remembered", () => {
  const resource = { attributes: {} }
  const first = resourceAttributes(resource, session("first"))
  for (let n = 0; n < 1_000; n++) resourceAttributes(resource, session(`s${n}`))
  expect(resourceAttributes(resource, session("first"))).not.toBe(first)
  expect(resourceAttributes(resource, session("first"))).toEqual(first)
})

test("the service's name is a text, also where it is none", () => {
  expect(serviceName({ attributes: { "service.name": "shop" } })).toBe("shop")
  expect(serviceName({ attributes: { "service.name": 7 } })).toBe("7")
  expect(serviceName({ attributes: {} })).toBe("")
})
