// What was thrown as the attributes that OpenTelemetry has for it. The stack is a text as Node prints it, with the causes
// and with the errors of an AggregateError inside.
import type { Attributes } from "@opentelemetry/api"
import { isError, readThrown, type Thrown } from "./read-thrown.ts"

const deepest = 5
const mostText = 256 * 1024

/** Never throws, whatever was thrown. */
export function exceptionAttributes(error: unknown): Attributes {
  return attributesOf(error, readThrown(error))
}

export function attributesOf(error: unknown, thrown: Thrown): Attributes {
  const attributes: Attributes = { "exception.type": thrown.type, "exception.message": thrown.message }
  if (thrown.stack !== undefined || isError(error)) {
    attributes["exception.stacktrace"] = print(thrown, "", { seen: new Set([error]), left: mostText })
  }
  return attributes
}

interface Printing {
  /** An error may be its own cause. */
  readonly seen: Set<unknown>
  /** Characters. */
  left: number
}

function print(thrown: Thrown, indent: string, printing: Printing): string {
  const text = thrown.stack ?? (thrown.message === "" ? thrown.type : `${thrown.type}: ${thrown.message}`)
  const own = indent === "" ? text : text.replaceAll("\n", `\n${indent}`)
  printing.left -= own.length
  const { cause, errors } = thrown
  if ((cause === undefined && errors === undefined) || indent.length >= deepest * 2) return own
  const inside = `${indent}  `
  const parts: string[] = []
  if (cause !== undefined) parts.push(`${inside}[cause]: ${printAny(cause.value, inside, printing)}`)
  if (errors !== undefined) {
    const element = `${inside}  `
    const list = errors.map((one) => element + printAny(one, element, printing))
    parts.push(
      list.length === 0 ? `${inside}[errors]: []` : `${inside}[errors]: [\n${list.join(",\n")}\n${inside}]`,
    )
  }
  return `${own} {\n${parts.join(",\n")}\n${indent}}`
}

function printAny(value: unknown, indent: string, printing: Printing): string {
  if (printing.seen.has(value)) return "[Circular]"
  if (printing.left <= 0) return "…[truncated]"
  const thrown = readThrown(value)
  if (!isError(value)) return typeof value === "string" ? JSON.stringify(thrown.message) : thrown.message
  printing.seen.add(value)
  return print(thrown, indent, printing)
}
