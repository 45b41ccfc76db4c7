// A resource and a scope as received. They are made before their fields are read (a sender may write the spans
// first), so both are filled in place.
import type { Attributes } from "@opentelemetry/api"
import type { LogAttributes } from "@opentelemetry/api-logs"
import type { Resource } from "@opentelemetry/resources"
import type { ReceivedResource, ReceivedScope } from "./currency.ts"

/** Satisfies OpenTelemetry's Resource, which its own constructor would do at the price of copying attributes. */
export class ResourceFromWire implements ReceivedResource {
  attributes: Attributes = {}
  declare schemaUrl?: string
  declare droppedAttributesCount?: number

  getRawAttributes(): [string, Attributes[string]][] {
    return Object.entries(this.attributes)
  }

  merge(other: Resource | null): Resource {
    if (other === null) return this
    const merged = new ResourceFromWire()
    merged.attributes = { ...this.attributes, ...other.attributes }
    const schemaUrl = other.schemaUrl || this.schemaUrl
    // OpenTelemetry: two schemas that differ leave none.
    if (schemaUrl && (!this.schemaUrl || this.schemaUrl === schemaUrl)) merged.schemaUrl = schemaUrl
    return merged
  }
}

export class ScopeFromWire implements ReceivedScope {
  name = ""
  declare version?: string
  declare schemaUrl?: string
  declare attributes?: Attributes & LogAttributes
  declare droppedAttributesCount?: number
}
