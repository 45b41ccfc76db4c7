// SQL without the values that stand in it, and without its comments, for any database that reads SQL: each literal
// becomes a `?`. The text need not be correct, or whole. Where a text is read in two ways by different databases, the
// rest of it is left out: too little is shown, never a value.
import { remembered } from "../remembered.ts"

export interface Dialect {
  /** One token after another, which together are the text. */
  readonly tokens: RegExp
  /** A backslash makes the next quote a part of the literal. Where it does not, one before a quote is not to be trusted. */
  readonly escapes: boolean
  /** "x" is a literal, not a name. */
  readonly quotesAreTexts: boolean
  /** What follows VALUES or FORMAT is data in any format. */
  readonly endsInData: boolean
  readonly longest: number
}

// Comments; texts, also without an end; heredocs; numbers; placeholders; quoted names; words; the rest one by one.
function tokensOf({
  escapes,
  hash,
  brackets,
}: {
  escapes: boolean
  hash: boolean
  brackets: boolean
}): RegExp {
  const quoted = (quote: string) =>
    escapes
      ? `${quote}(?:[^${quote}\\\\]|\\\\[^]|${quote}${quote})*(?:${quote}|$)`
      : `${quote}(?:[^${quote}]|${quote}${quote})*(?:${quote}|$)`
  return new RegExp(
    [
      "--[^\\n]*",
      "/\\*[^]*?(?:\\*/|$)",
      ...(hash ? ["#[^\\n]*"] : []),
      quoted("'"),
      "\\$(\\w*)\\$[^]*?(?:\\$\\1\\$|$)",
      "\\$\\d+",
      "[:@][\\p{L}_]\\w*",
      "0x[\\da-f]+|\\d[\\w.]*(?:[eE][+-]?\\d+)?",
      "\\{\\s*\\w+\\s*:[^{}]*\\}",
      quoted("`"),
      quoted('"'),
      ...(brackets ? ["\\[[^\\]]{0,256}\\]"] : []), // SQL Server's names have 128 characters at most
      "[\\p{L}_][\\w\\p{L}]*",
      "\\s+",
      "[^]",
    ].join("|"),
    "gu",
  )
}

const longest = 16 * 1024
const standard: Dialect = {
  tokens: tokensOf({ escapes: false, hash: false, brackets: false }),
  escapes: false,
  quotesAreTexts: false,
  endsInData: false,
  longest,
}
const mysql: Dialect = {
  tokens: tokensOf({ escapes: true, hash: true, brackets: false }),
  escapes: true,
  quotesAreTexts: true,
  endsInData: false,
  longest,
}
/** A statement says what it does in its beginning; what follows may be data of any size. */
export const clickhouse: Dialect = {
  tokens: tokensOf({ escapes: true, hash: false, brackets: false }),
  escapes: true,
  quotesAreTexts: false,
  endsInData: true,
  longest: 2_048,
}
const sqlServer: Dialect = { ...standard, tokens: tokensOf({ escapes: false, hash: false, brackets: true }) }
/** Of a database that is not known, both kinds of quotes hold texts. */
const unknown: Dialect = { ...standard, quotesAreTexts: true }

// By `db.system.name` and, where it differs, the older `db.system`. What speaks no SQL has nothing that looks like it.
const dialects: Readonly<Record<string, Dialect | undefined>> = {
  ...Object.fromEntries(
    `postgresql cockroachdb redshift oracle oracle.db sqlite cassandra db2 ibm.db2 h2 hsqldb derby firebird trino
    snowflake hanadb sap.hana teradata vertica`
      .split(/\s+/)
      .map((name) => [name, standard]),
  ),
  mysql,
  mariadb: mysql,
  clickhouse,
  mssql: sqlServer,
  "microsoft.sql_server": sqlServer,
  ...Object.fromEntries(
    `redis mongodb memcached elasticsearch opensearch dynamodb aws.dynamodb couchdb hbase`
      .split(/\s+/)
      .map((name) => [name, undefined]),
  ),
}

/** undefined for a database that speaks no SQL. */
export const dialectOf = (system: unknown): Dialect | undefined =>
  typeof system === "string" && Object.hasOwn(dialects, system) ? dialects[system] : unknown

/** @param found Is told each literal, without its quotes. */
export function withoutLiterals(sql: string, dialect: Dialect, found?: (literal: string) => void): string {
  let text = ""
  let isInsert: boolean | undefined
  for (const match of sql.matchAll(dialect.tokens)) {
    const [token] = match
    if (/^(?:--|\/\*|#.)/.test(token)) continue
    if (/^\s/.test(token)) {
      if (text !== "" && !text.endsWith(" ")) text += " "
      continue
    }
    isInsert ??= token.toUpperCase() === "INSERT"
    if (isLiteral(token, dialect)) {
      text += "?"
      found?.(/^['"]/.test(token) ? token.slice(1, -1) : token)
      if (!dialect.escapes && token.includes("\\'")) return `${text} …`
    } else text += token
    if (dialect.endsInData && isInsert && /^(?:VALUES|FORMAT)$/i.test(token)) {
      text += token.toUpperCase() === "VALUES" ? " ?" : formatName(sql.slice(match.index))
      break
    }
    if (text.length > dialect.longest) return `${text.slice(0, dialect.longest)}…`
  }
  return text.trimEnd().replaceAll(/\?(?:\s*,\s*\?)+/g, "?..")
}

const isLiteral = (token: string, { quotesAreTexts }: Dialect) =>
  /^(?:'|\d|\$(?!\d+$))/.test(token) || (quotesAreTexts && token.startsWith('"'))

function formatName(rest: string): string {
  const [, name = ""] = /^\w+\s+(\w+)/.exec(rest) ?? []
  return name === "" ? "" : ` ${name}`
}

const known = new Map<Dialect, (sql: string) => string>()

/** Apps ask the same again and again. */
export function rememberWithoutLiterals(sql: string, dialect: Dialect): string {
  let find = known.get(dialect)
  if (find === undefined) {
    find = remembered((one) => withoutLiterals(one, dialect), { most: 500, longest: 4096 })
    known.set(dialect, find)
  }
  return find(sql)
}
