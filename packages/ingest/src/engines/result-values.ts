// Rows of a result, from ClickHouse's JSONCompactEachRowWithNamesAndTypes: a line of names, a line of types, then a
// line for each row. Whole numbers of 64 bits arrive as text: they become a number where it is exact, else a bigint.
// Times, dates and decimals stay text, which is how ClickHouse prints them and the only exact way to hold them.

type Convert = (value: unknown) => unknown

/** Returns a function that takes the lines of one result, in order, and returns a row for each line of data. */
export function createRowReader(): (line: unknown) => Record<string, unknown> | undefined {
  let names: string[] | undefined
  let converters: (Convert | undefined)[] | undefined
  return (line) => {
    const cells = line as unknown[]
    if (names === undefined) {
      names = cells.map(String)
      return undefined
    }
    if (converters === undefined) {
      converters = cells.map((type) => converterOf(String(type)))
      return undefined
    }
    const row: Record<string, unknown> = {}
    for (const [index, name] of names.entries()) {
      const convert = converters[index]
      row[name] = convert === undefined ? cells[index] : convert(cells[index])
    }
    return row
  }
}

/** What to do with a value of a type; undefined where it stays as it is. */
export function converterOf(type: string): Convert | undefined {
  const [, outer = type, inner = ""] = /^(\w+)\((.*)\)$/s.exec(type) ?? []
  switch (outer) {
    case "Int64":
    case "UInt64":
    case "Int128":
    case "UInt128":
    case "Int256":
    case "UInt256":
      return toInteger
    case "BFloat16":
    case "Float32":
    case "Float64":
      return toFloat
    case "Nullable":
      return orNull(converterOf(inner))
    case "LowCardinality":
      return converterOf(inner)
    case "SimpleAggregateFunction":
      return converterOf(splitTypes(inner)[1] ?? "")
    case "Array":
      return eachItem(converterOf(inner))
    case "Map":
      return eachMember(() => converterOf(splitTypes(inner)[1] ?? ""))
    case "Nested":
      return eachItem(tuple(splitTypes(inner)))
    case "Tuple":
      return tuple(splitTypes(inner))
    default:
      return undefined
  }
}

function toInteger(value: unknown): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : BigInt(value as string)
}

const named: Record<string, number> = { nan: NaN, "-nan": NaN, inf: Infinity, "-inf": -Infinity }

const toFloat: Convert = (value) => (typeof value === "string" ? (named[value] ?? Number(value)) : value)

const orNull = (convert: Convert | undefined): Convert | undefined =>
  convert && ((value) => (value === null ? null : convert(value)))

const eachItem = (convert: Convert | undefined): Convert | undefined =>
  convert && ((value) => (value as unknown[]).map(convert))

const eachMember =
  (converterFor: (name: string) => Convert | undefined): Convert =>
  (value) =>
    Object.fromEntries(
      Object.entries(value as object).map(([name, member]) => [name, converterFor(name)?.(member) ?? member]),
    )

// A name, where there is one, is a word or stands in backticks, in which a backslash keeps the next character.
const memberPattern = /^(?:(?:`((?:\\.|[^`\\])*)`|(\w+)) )?(.*)$/s

/** A tuple with names arrives as an object, one without as an array. */
function tuple(types: string[]): Convert {
  const converters: (Convert | undefined)[] = []
  const byName = new Map<string, Convert | undefined>()
  for (const member of types) {
    const [, quoted, word, type = ""] = memberPattern.exec(member) ?? []
    const convert = converterOf(type)
    converters.push(convert)
    byName.set(quoted?.replace(/\\(.)/gs, "$1") ?? word ?? "", convert)
  }
  const object = eachMember((name) => byName.get(name))
  return (value) =>
    Array.isArray(value) ? value.map((item, index) => converters[index]?.(item) ?? item) : object(value)
}

/** The types between commas that no bracket and no quote encloses. */
function splitTypes(list: string): string[] {
  const types: string[] = []
  let depth = 0
  let start = 0
  let quote = ""
  for (let index = 0; index < list.length; index++) {
    const character = list[index] ?? ""
    if (quote !== "") {
      if (character === "\\") index++
      else if (character === quote) quote = ""
    } else if (character === "'" || character === "`") quote = character
    else if (character === "(") depth++
    else if (character === ")") depth--
    else if (character === "," && depth === 0) {
      types.push(list.slice(start, index).trim())
      start = index + 1
    }
  }
  types.push(list.slice(start).trim())
  return types
}
