// About how many bytes an ended span holds in memory: rather too many, and quickly told.
import type { Attributes } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

const spanBytes = 1200 // the object, its times and contexts, measured on Node 20
const entryBytes = 48
const eventBytes = 200

export function sizeOfSpan({ name, attributes, events, links, status }: ReadableSpan): number {
  let size = spanBytes + sizeOfText(name) + sizeOfAttributes(attributes) + sizeOfText(status.message)
  for (const event of events) size += eventBytes + sizeOfAttributes(event.attributes)
  for (const link of links) size += eventBytes + sizeOfAttributes(link.attributes)
  return size
}

function sizeOfAttributes(attributes: Attributes | undefined): number {
  let size = 0
  for (const key in attributes) {
    const value = attributes[key]
    size += entryBytes
    if (typeof value === "string") size += sizeOfText(value)
    else if (Array.isArray(value)) for (const one of value) size += 16 + sizeOfText(one)
  }
  return size
}

/** As if every character took two bytes, as some do. */
const sizeOfText = (value: unknown): number => (typeof value === "string" ? 2 * value.length : 0)
