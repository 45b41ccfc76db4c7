// Makes any value plain: texts, numbers, booleans, bytes, arrays and maps of these, nothing that can throw, change or
// grow later. What cannot be kept becomes a text that says what was there.

/** How large what an app produces may be. */
export interface Caps {
  /** Bytes of one value: a text, or an array or map with all that is in it. */
  readonly valueBytes: number
  /** Bytes of one span, log record or data point. */
  readonly recordBytes: number
  /** Attributes of one record, event or link. */
  readonly attributes: number
}

/** Sees every attribute, nested ones too, and a log's body with no key; what it gives is sent instead. */
export type Redact = (key: string | undefined, value: unknown) => unknown

/** What a record may still hold. */
export interface Room {
  bytes: number
}

const deepest = 20
const overhead = 16 // of an element or a property, roughly, as V8 keeps it
const largestInteger = 2 ** 63
export const truncatedMark = "…[truncated]"
const markBytes = Buffer.byteLength(truncatedMark)

// Node has them since 20, the types of this compiler target do not.
interface UnicodeText {
  isWellFormed(): boolean
  toWellFormed(): string
}

export const isWellFormed = (text: string): boolean => (text as unknown as UnicodeText).isWellFormed()

/** Whether a number means the same in every encoding: OTLP/JSON has no NaN, and no integer above 64 bits. */
export const isPlainNumber = (value: number): boolean => value < largestInteger && value >= -largestInteger

/** At least the bytes of a text in memory, and in UTF-8. */
export const textBytes = (text: string): number =>
  text.length < 256 ? text.length * 2 : Math.max(Buffer.byteLength(text), text.length)

export interface Plain {
  /** The value made plain, within one value's cap and what is left of the record's. */
  value(key: string | undefined, value: unknown, room: Room): unknown
  /** The same of what is redacted already. */
  redacted(value: unknown, room: Room): unknown
  text(text: string, room: Room): string
}

export function createPlain(caps: Pick<Caps, "valueBytes">, redact: Redact | undefined): Plain {
  function value(key: string | undefined, given: unknown, room: Room): unknown {
    return keep(redact === undefined ? given : redacted(redact, key, given, caps), room)
  }

  function keep(given: unknown, room: Room): unknown {
    const before = Math.min(room.bytes, caps.valueBytes)
    const own: Room = { bytes: before }
    const made = plainOf(given, own, [])
    room.bytes -= before - own.bytes
    return made
  }

  function plain(key: string | undefined, given: unknown, room: Room, above: object[]): unknown {
    return plainOf(redact === undefined ? given : redacted(redact, key, given, caps), room, above)
  }

  function plainOf(kept: unknown, room: Room, above: object[]): unknown {
    switch (typeof kept) {
      case "string":
        return text(kept, room)
      case "number":
        room.bytes -= 8
        return isPlainNumber(kept) ? (kept === 0 ? 0 : kept) : String(kept)
      case "boolean":
        room.bytes -= 8
        return kept
      case "undefined":
        return undefined
      case "object":
        return kept === null ? null : safely(() => plainObject(kept, room, above))
      case "bigint":
        return Number.isSafeInteger(Number(kept)) ? Number(kept) : text(String(kept), room)
      case "symbol":
        return text(String(kept), room)
      default:
        return safely(() => text(`[function ${String((kept as { name: unknown }).name)}]`, room))
    }
  }

  function plainObject(object: object, room: Room, above: object[]): unknown {
    if (above.includes(object)) return "[circular]"
    if (above.length >= deepest) return "[nested too deep]"
    if (object instanceof Uint8Array) {
      const bytes = Uint8Array.from(object.subarray(0, Math.max(0, room.bytes)))
      room.bytes -= bytes.byteLength
      return bytes
    }
    if (object instanceof Error) return plain(undefined, errorText(object), room, above)
    const inside = [...above, object]
    if (Array.isArray(object)) return elements(object, room, inside)
    if (object instanceof Map) return properties(object.entries(), room, inside)
    if (object instanceof Set || ArrayBuffer.isView(object)) {
      const list: Iterable<unknown> = object instanceof DataView ? [] : (object as Set<unknown>)
      return elements(list, room, inside)
    }
    const { toJSON } = object as { toJSON?: unknown }
    if (typeof toJSON === "function") return plain(undefined, toJSON.call(object), room, inside)
    const prototype = Object.getPrototypeOf(object) as object | null
    const kind = Object.prototype.toString.call(object)
    if (prototype !== null && prototype !== Object.prototype && kind !== "[object Object]") {
      return text(object instanceof RegExp ? String(object) : kind, room)
    }
    return properties(ownProperties(object), room, inside)
  }

  function elements(list: Iterable<unknown>, room: Room, above: object[]): unknown[] {
    const made: unknown[] = []
    for (const element of list) {
      if (room.bytes < markBytes) {
        made.push(truncatedMark)
        break
      }
      room.bytes -= overhead
      made.push(plain(undefined, element, room, above))
    }
    return made
  }

  function properties(
    entries: Iterable<readonly [unknown, unknown]>,
    room: Room,
    above: object[],
  ): Record<string, unknown> {
    const made: Record<string, unknown> = {}
    for (const [name, one] of entries) {
      if (room.bytes < markBytes) {
        made[truncatedMark] = true
        break
      }
      room.bytes -= overhead
      const key = text(typeof name === "string" ? name : readable(name), room)
      define(made, key, plain(key, one, room, above))
    }
    return made
  }

  /** The stack begins with name and message in V8; an error that hides it gives these alone. */
  function errorText(error: Error): string {
    const stack: unknown = error.stack
    return typeof stack === "string" && stack !== "" ? stack : `${error.name}: ${error.message}`
  }

  function text(given: string, room: Room): string {
    const most = Math.max(0, Math.min(caps.valueBytes, room.bytes))
    const fits = given.length * 3 <= most || (given.length <= most && Buffer.byteLength(given) <= most)
    if (fits) {
      room.bytes -= textBytes(given)
      return isWellFormed(given) ? given : (given as unknown as UnicodeText).toWellFormed()
    }
    // Through bytes, so that the short text does not keep the long one in memory.
    const kept = Buffer.from(given.slice(0, most)).subarray(0, Math.max(0, most - markBytes))
    room.bytes -= most
    return endWhole(kept) + truncatedMark
  }

  return { value, redacted: keep, text }
}

/** A property of this name even if it is `__proto__`. */
export function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

export function redacted(
  redact: Redact,
  key: string | undefined,
  value: unknown,
  caps: Pick<Caps, "valueBytes"> = { valueBytes: Infinity },
): unknown {
  try {
    return redact(key, typeof value === "string" ? shortened(value, caps) : value)
  } catch {
    return "[REDACTED]" // what a failing redaction would have hidden must not be sent
  }
}

// Redaction reads a text to its end, which takes a second for 100 MB. Of one that will be cut it is given so much more
// than is kept: a secret may stand across the end.
const readBeyond = 64 * 1024

/** As much of a text as redaction has to see. */
export function shortened(text: string, { valueBytes }: Pick<Caps, "valueBytes">): string {
  const most = valueBytes + readBeyond
  // Through bytes, as above.
  return text.length <= most ? text : endWhole(Buffer.from(text.slice(0, most))) + truncatedMark
}

function safely(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return `[unreadable: ${readable(error).slice(0, 200)}]`
  }
}

function readable(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value)
  } catch {
    return "a value that cannot be read"
  }
}

/** One property at a time, so that a getter that throws costs only its own value. */
function* ownProperties(object: object): Iterable<readonly [string, unknown]> {
  for (const key of Object.keys(object)) yield [key, safely(() => (object as Record<string, unknown>)[key])]
}

/** UTF-8 that may end inside a character, which is left out then. */
function endWhole(bytes: Buffer): string {
  let end = bytes.length
  let back = 0
  while (back < 3 && end > 0 && (bytes[end - 1]! & 0xc0) === 0x80) {
    end--
    back++
  }
  const lead = bytes[end - 1] ?? 0
  const wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0
  return bytes.toString("utf8", 0, back === wanted ? bytes.length : Math.max(0, end - 1))
}
