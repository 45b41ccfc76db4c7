// What was thrown, read once into plain values. It can be anything: no error at all, an object whose getters throw, a
// proxy. Each part is read by itself, so that one that cannot be read costs only itself.

export interface Thrown {
  readonly type: string
  readonly message: string
  /** As the error has it; undefined for what is no error, and for an error that hides it. */
  readonly stack: string | undefined
  /** There only if the error has one. */
  readonly cause: { readonly value: unknown } | undefined
  /** Of an AggregateError. */
  readonly errors: readonly unknown[] | undefined
}

const mostKeys = 10
const mostErrors = 20
// A stack is ten frames; who raised Error.stackTraceLimit, or writes stacks by hand, gets the first of it.
const mostText = 64 * 1024

const { types } = process.getBuiltinModule("node:util")

/** Also of another realm, such as node:vm's or jest's, where `instanceof` says no. */
export function isError(value: unknown): value is Error {
  if (typeof value !== "object" || value === null) return false
  return types.isNativeError(value) || read(() => value instanceof Error) === true
}

/** An object with a message is taken for an error: OpenTelemetry's API takes such for exceptions, too. */
export function readThrown(value: unknown): Thrown {
  if (isError(value) || textOf(() => (value as { message?: unknown }).message) !== undefined) {
    return readError(value as Error)
  }
  const type = typeof value !== "object" ? typeof value : value === null ? "null" : className(value)
  return {
    type: type ?? "Object",
    message: describe(value),
    stack: undefined,
    cause: undefined,
    errors: undefined,
  }
}

function readError(error: Error): Thrown {
  const name = textOf(() => error.name)
  // A class that says nothing of its name is called Error, as its parent is.
  const type = name === undefined || name === "" || name === "Error" ? className(error) : name
  const stack = textOf(() => error.stack)
  const errors = read(() => (error as { errors?: unknown }).errors)
  return {
    type: type ?? "Error",
    message: textOf(() => error.message) ?? "",
    stack: stack === "" ? undefined : stack,
    cause: read(() => "cause" in error) === true ? { value: read(() => error.cause) } : undefined,
    errors: Array.isArray(errors) ? (read(() => errors.slice(0, mostErrors) as unknown[]) ?? []) : undefined,
  }
}

/** Names of properties and no values, which nothing could redact within a text. */
function describe(value: unknown): string {
  if (typeof value === "function") return `[function ${textOf(() => value.name) ?? ""}]`
  if (typeof value !== "object" || value === null) return cut(String(value))
  const keys = read(() => Object.keys(value))
  const name = className(value) ?? "Object"
  if (keys === undefined) return `[${name} that cannot be read]`
  if (keys.length === 0) return `[${name}]`
  const more = keys.length > mostKeys ? ", …" : ""
  return cut(`[${name} with ${keys.slice(0, mostKeys).join(", ")}${more}]`)
}

const className = (value: object): string | undefined => {
  const name = textOf(() => (value.constructor as { name?: unknown } | undefined)?.name)
  return name === "" ? undefined : name
}

function textOf(get: () => unknown): string | undefined {
  const value = read(get)
  return typeof value === "string" ? cut(value) : undefined
}

const cut = (text: string) => (text.length > mostText ? `${text.slice(0, mostText)}…[truncated]` : text)

function read<T>(get: () => T): T | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}
