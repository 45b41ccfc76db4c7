// The header `baggage` of W3C: members key=value;property;property, separated by commas, values percent-encoded. A
// member that is not valid is left out, the others stay.
import type { Baggage, BaggageEntry } from "@opentelemetry/api"
import { api } from "../opentelemetry.ts"

// The limits that the specification asks everybody to keep to.
const maxLength = 8192
const maxMembers = 64
// RFC 9110, and printable ASCII without space, quote, comma, semicolon and backslash.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const octets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/

export function parseBaggage(header: unknown): Baggage | undefined {
  if (typeof header !== "string" || header === "") return undefined
  const entries: Record<string, BaggageEntry> = Object.create(null) as Record<string, BaggageEntry>
  let count = 0
  for (const part of within(header).split(",")) {
    const semicolon = part.indexOf(";")
    const pair = semicolon === -1 ? part : part.slice(0, semicolon)
    const equals = pair.indexOf("=")
    if (equals < 1) continue
    const key = pair.slice(0, equals).trim()
    const value = pair.slice(equals + 1).trim()
    if (!token.test(key) || !octets.test(value) || !(key in entries || count < maxMembers)) continue
    const properties = semicolon === -1 ? undefined : validProperties(part.slice(semicolon + 1))
    if (properties === null) continue
    if (!(key in entries)) count++
    entries[key] =
      properties === undefined
        ? { value: decode(value) }
        : { value: decode(value), metadata: api().baggageEntryMetadataFromString(properties) }
  }
  return count === 0 ? undefined : api().propagation.createBaggage(entries)
}

/** `first` stands before what the baggage itself says of the same key. Undefined when nothing can be sent. */
export function formatBaggage(
  baggage: Baggage | undefined,
  first?: readonly [key: string, value: string],
): string | undefined {
  let header = first === undefined ? "" : `${first[0]}=${encode(first[1])}`
  let count = first === undefined ? 0 : 1
  for (const [key, { value, metadata }] of baggage?.getAllEntries() ?? []) {
    if (key === first?.[0] || typeof value !== "string" || value.length > maxLength || !token.test(key))
      continue
    const properties = metadata === undefined ? undefined : validProperties(metadata.toString())
    const member = `${key}=${encode(value)}${properties ? `;${properties}` : ""}`
    const length = header.length + member.length + (header === "" ? 0 : 1)
    if (count === maxMembers || length > maxLength) continue
    header = header === "" ? member : `${header},${member}`
    count++
  }
  return header === "" ? undefined : header
}

/** The members that fit: what a caller sends must not cost more than what it may send. */
function within(header: string): string {
  if (header.length <= maxLength) return header
  const cut = header.lastIndexOf(",", maxLength)
  return cut === -1 ? "" : header.slice(0, cut)
}

/** As they are sent on, without spaces around them; undefined when there is none, null when one is not valid. */
function validProperties(text: string): string | undefined | null {
  const properties: string[] = []
  for (const part of text.split(";")) {
    const property = part.trim()
    if (property === "") continue
    const equals = property.indexOf("=")
    const key = (equals === -1 ? property : property.slice(0, equals)).trim()
    const value = equals === -1 ? undefined : property.slice(equals + 1).trim()
    if (!token.test(key) || (value !== undefined && !octets.test(value))) return null
    properties.push(value === undefined ? key : `${key}=${value}`)
  }
  return properties.length === 0 ? undefined : properties.join(";")
}

const encode = (value: string): string => encodeURIComponent(value.toWellFormed())

/** What is not UTF-8 becomes U+FFFD, as the specification asks. */
function decode(value: string): string {
  if (!value.includes("%")) return value
  try {
    return decodeURIComponent(value)
  } catch {
    const bytes = value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return Buffer.from(bytes, "latin1").toString("utf8")
  }
}
