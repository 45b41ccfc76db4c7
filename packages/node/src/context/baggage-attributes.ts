// What of the baggage becomes attributes of spans and logs.
import type { Attributes, Baggage } from "@opentelemetry/api"
import { sessionKey } from "./local-trace.ts"

export function baggageAttributeKeys(listed: readonly string[]): readonly string[] {
  return [...new Set(["user.id", "account.id", ...listed])].filter((key) => key !== sessionKey)
}

export function attributesFromBaggage(baggage: Baggage, keys: readonly string[]): Attributes | undefined {
  let attributes: Attributes | undefined
  for (const key of keys) {
    const value = baggage.getEntry(key)?.value
    if (value !== undefined) (attributes ??= {})[key] = value
  }
  return attributes
}
