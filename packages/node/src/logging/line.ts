// A log line on its way: its text, its attributes and the error it is about. Objects become flat attributes, `user: { id }`
// is `user.id`, so that each value can be searched for; an error becomes `exception.*`, wherever it stands.
import type { Attributes } from "@opentelemetry/api"
import { exceptionAttributes } from "../exceptions/exception-attributes.ts"
import { createPlain } from "../delivery/plain-value.ts"
import { isError } from "../exceptions/read-thrown.ts"

const deepest = 6
const mostAttributes = 1000 // the limits that are set come later, and are lower
/** What a record can hold at most. */
export const mostBytes: number = 1024 * 1024
const plain = createPlain({ valueBytes: mostBytes }, undefined)

const { types } = process.getBuiltinModule("node:util")

export class Line {
  readonly attributes: Record<string, unknown> = {}
  readonly #runsGetters: boolean
  #count = 0
  #hasError = false

  /** `runsGetters`: the logger reads properties, so we may, too. Node's console shows only that there are getters. */
  constructor({ runsGetters = true }: { readonly runsGetters?: boolean } = {}) {
    this.#runsGetters = runsGetters
  }

  get hasError(): boolean {
    return this.#hasError
  }

  /** The first error that is given counts. */
  addError(error: unknown): void {
    if (this.#hasError) return
    this.#hasError = true
    Object.assign(this.attributes, exceptionAttributes(error))
  }

  /** An error as a logger's serializer has written it, with what the app has taken out of it. */
  addWrittenError(error: object): void {
    const { type, name, message, stack } = error as Readonly<Record<string, unknown>>
    if (!this.#hasError) {
      this.#hasError = true
      const found: Attributes = {}
      const kind = typeof type === "string" ? type : typeof name === "string" ? name : typeIn(stack)
      if (kind !== undefined) found["exception.type"] = kind
      if (typeof message === "string") found["exception.message"] = message
      if (typeof stack === "string") found["exception.stacktrace"] = stack
      Object.assign(this.attributes, found)
    }
  }

  /** Each property that is not in `without`, below `prefix`. */
  addFields(object: object, prefix = "", without?: ReadonlySet<string>, depth = 0): void {
    if (!this.#runsGetters && types.isProxy(object)) return
    for (const key of Object.keys(object)) {
      if (this.#count >= mostAttributes) return
      if (without !== undefined && without.has(key)) continue
      if (!this.#runsGetters && Object.getOwnPropertyDescriptor(object, key)?.get !== undefined) continue
      let value: unknown
      try {
        value = (object as Record<string, unknown>)[key]
      } catch {
        continue // a getter that throws
      }
      this.add(prefix === "" ? key : `${prefix}.${key}`, value, depth)
    }
  }

  add(key: string, value: unknown, depth = 0): void {
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
        return this.#set(key, value)
      case "bigint":
        return this.#set(key, String(value))
      case "object":
        if (value === null || (!this.#runsGetters && types.isProxy(value))) return
        if (isPlainObject(value)) {
          if (depth < deepest) return this.addFields(value, key, undefined, depth + 1)
          return this.#set(key, "[nested too deep]")
        }
        if (isError(value)) {
          if (!this.#hasError) return this.addError(value)
          return this.#set(key, `${value.name}: ${value.message}`)
        }
        return this.#addOther(key, value, depth)
    }
  }

  /** Arrays stay what they are; of an instance of a class there is what it says of itself in JSON, or its properties. */
  #addOther(key: string, value: object, depth: number): void {
    const made = plain.value(key, value, { bytes: mostBytes })
    if (typeof made === "object" && made !== null && isPlainObject(made) && depth < deepest)
      this.addFields(made, key, undefined, depth + 1)
    else this.#set(key, made)
  }

  #set(key: string, value: unknown): void {
    if (key === "__proto__" || Object.hasOwn(this.attributes, key)) return
    this.#count++
    this.attributes[key] = value
  }
}

export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** "TypeError: x is not a function\n    at ..." */
function typeIn(stack: unknown): string | undefined {
  return typeof stack === "string" ? /^([A-Za-z_$][\w$.]*)(?::|\n|$)/.exec(stack)?.[1] : undefined
}

/** Without the colours that a logger's format has put in; of a text of megabytes what a record can hold at most. */
export function plainText(text: string): string {
  const cut = text.length > mostBytes ? `${text.slice(0, mostBytes)}…[truncated]` : text
  return cut.includes("\u001b") ? process.getBuiltinModule("node:util").stripVTControlCharacters(cut) : cut
}
