// What a trace may tell of a ClickHouse query: a summary of few different values, which names the span. It looks at the
// text as far as the words in it, and no further: it need not be correct.
import { clickhouse } from "../../redaction/sql-literals.ts"

export interface SqlSummary {
  /** `SELECT`, `INSERT`, `CREATE TABLE`: upper case. */
  readonly operation: string
  /** The first table, as it is named there. */
  readonly table: string | undefined
}

// A statement says what it does in its beginning; what follows may be data of any size.
const looksAt = 4_096

/** The words and quoted names of a statement, and other characters; no comments and no space. */
function* wordsOf(sql: string): Generator<string> {
  for (const [token] of sql.slice(0, looksAt).matchAll(clickhouse.tokens)) {
    if (!/^(\s|--|\/\*)/.test(token)) yield token
  }
}

export function summaryOf(sql: string): SqlSummary {
  const words = [...wordsOf(sql)]
  const [first = ""] = words
  const verb = first.toUpperCase()
  switch (verb) {
    case "SELECT":
    case "WITH":
    case "(":
      return { operation: "SELECT", table: nameAfter(words, indexOf(words, "FROM")) }
    case "INSERT":
      return { operation: "INSERT", table: nameAfter(words, indexOf(words, "INTO"), ["TABLE", "FUNCTION"]) }
    case "DELETE":
      return { operation: "DELETE", table: nameAfter(words, indexOf(words, "FROM")) }
    case "CREATE":
    case "ALTER":
    case "DROP":
    case "TRUNCATE":
    case "OPTIMIZE":
    case "RENAME":
    case "ATTACH":
    case "DETACH":
    case "EXCHANGE":
      return definition(verb, words)
    default:
      return { operation: /^[A-Z]+$/.test(verb) ? verb : "", table: undefined }
  }
}

const kinds = new Set(["TABLE", "TABLES", "VIEW", "DATABASE", "DICTIONARY", "FUNCTION", "USER", "ROLE"])

function definition(verb: string, words: readonly string[]): SqlSummary {
  // OR REPLACE, TEMPORARY, MATERIALIZED: what stands between is not said.
  const at = words.slice(0, 6).findIndex((word) => kinds.has(word.toUpperCase()))
  if (at < 0) return { operation: verb, table: nameAfter(words, 0) }
  return {
    operation: `${verb} ${words[at]?.toUpperCase()}`,
    table: nameAfter(words, at, ["IF", "NOT", "EXISTS"]),
  }
}

/** Outside of any bracket. */
function indexOf(words: readonly string[], keyword: string): number {
  let depth = 0
  return words.findIndex((word) => {
    if (word === "(") depth++
    else if (word === ")") depth--
    return depth === 0 && word.toUpperCase() === keyword
  })
}

function nameAfter(
  words: readonly string[],
  index: number,
  skipped: readonly string[] = [],
): string | undefined {
  if (index < 0) return undefined
  let at = index + 1
  while (skipped.includes(words[at]?.toUpperCase() ?? "")) at++
  const name = nameOf(words[at])
  if (name === undefined) return undefined
  const member = words[at + 1] === "." ? nameOf(words[at + 2]) : undefined
  return member === undefined ? name : `${name}.${member}`
}

function nameOf(word = ""): string | undefined {
  if (/^[\p{L}_]/u.test(word)) return word
  return /^[`"]./.test(word) ? word.slice(1, -1) : undefined
}
