// An editor completes the names of attributes: they are in the types, and every other name is allowed beside them.
import { expectTypeOf, test } from "vitest"
import type { AttributeName, Attributes, LogFilter, RecordedSpan } from "@clickstack/testing"

test("the conventions' names are known to the types, and others are allowed", () => {
  expectTypeOf<"http.route">().toExtend<keyof Attributes>()
  expectTypeOf<{ "http.route": string; "shop.order.id": number }>().toExtend<Attributes>()
  expectTypeOf<"anything.else">().toExtend<AttributeName>()
  expectTypeOf<NonNullable<LogFilter["attributes"]>>().toEqualTypeOf<Attributes>()
  expectTypeOf<RecordedSpan["attributes"]["http.route"]>().toEqualTypeOf<unknown>()
})
