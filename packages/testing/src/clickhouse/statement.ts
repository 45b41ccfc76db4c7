// What one SQL text asks for, as far as an HTTP server must know before it runs it: is it one statement, does data
// follow it, and which format has it. Text is given and offsets are counted in latin1, so that one character is
// one byte: binary data may follow an INSERT.
import { ClickHouseException } from "./exception.ts"

export type Statement =
  | { readonly kind: "write" | "other"; readonly format: string | undefined }
  | {
      readonly kind: "select"
      readonly format: string | undefined
      /** Whether its result is rows alone, and nothing that only the end of it can tell, like totals. */
      readonly isRowsAlone: boolean
    }
  | {
      readonly kind: "kill"
      readonly format: string | undefined
      /** The condition over system.processes. */
      readonly where: string
      readonly mode: KillMode
    }
  | {
      readonly kind: "insert"
      /** Everything up to where the data's source is named: `INSERT INTO t (a, b)`. */
      readonly target: string
      /** `SETTINGS ...` between the target and the format, or nothing. */
      readonly settings: string
      readonly format: string
      /** Where the data begins. */
      readonly dataAt: number
    }

export type KillMode = "SYNC" | "ASYNC" | "TEST"

interface Token {
  readonly kind: "word" | "quoted" | "mark"
  readonly text: string
  readonly start: number
  readonly end: number
}

// One token after another; each alternative is sticky at the current place. Strings end at an unescaped quote.
const SKIPPED = /(?:[\s\0]+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y
const WORD = /[\w$\x80-\xff]+/y
const HEREDOC = /\$(\w*)\$[\s\S]*?\$\1\$/y
const QUOTED =
  /'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)|`(?:[^`\\]|\\[\s\S]|``)*(?:`|$)/y

function* tokens(sql: string): Generator<Token, void, undefined> {
  let at = 0
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(sql)?.[0]
  }
  for (;;) {
    at += match(SKIPPED)?.length ?? 0
    if (at >= sql.length) return
    const start = at
    const quoted = match(QUOTED) ?? match(HEREDOC)
    const text = quoted ?? match(WORD) ?? sql.charAt(at)
    at += text.length
    const kind = quoted !== undefined ? "quoted" : /^[\w$\x80-\xff]/.test(text) ? "word" : "mark"
    yield { kind, text, start, end: at }
  }
}

const MORE_THAN_ROWS = /\b(extremes|output_format_json_array_of_rows)\b/

const isWord = (token: Token | undefined, word: string): boolean =>
  token?.kind === "word" && token.text.toUpperCase() === word

export function parseStatement(sql: string): Statement {
  const [first] = tokens(sql)
  if (first === undefined) throw new ClickHouseException(62, "Syntax error: Empty query.")
  return isWord(first, "INSERT") ? parseInsert(sql) : parseOther(sql, first)
}

function parseInsert(sql: string): Statement {
  let depth = 0
  let settingsAt: number | undefined
  let previous: Token | undefined
  const words = tokens(sql)
  for (const token of words) {
    if (token.text === "(") depth++
    else if (token.text === ")") depth--
    const upper = token.kind === "word" && depth === 0 ? token.text.toUpperCase() : ""
    // A table may be called like a keyword: INSERT INTO values, INSERT INTO db.format.
    const isName =
      previous === undefined || isWord(previous, "INTO") || isWord(previous, "TABLE") || previous.text === "."
    const isSelect = isWord(token, "SELECT") || isWord(token, "WITH")
    if (isSelect && (depth === 0 || previous?.text === "(") && !isName) return parseOther(sql, undefined)
    previous = token
    if (isName) continue
    if (upper === "SETTINGS") settingsAt ??= token.start
    else if (upper === "INFILE") {
      throw new ClickHouseException(
        78,
        "A query with FROM INFILE was sent to a server: files are read by clients.",
      )
    } else if (upper === "VALUES") return insert("Values", token.start, token.end)
    else if (upper === "FORMAT") {
      const name = words.next().value
      if (name === undefined) break
      return insert(name.text, token.start, startOfData(sql, name.end))
    }
  }
  throw new ClickHouseException(
    62,
    `Syntax error: failed at position ${sql.length + 1} (end of query). Expected one of: VALUES, FORMAT, SELECT, WITH.`,
  )

  function insert(format: string, sourceAt: number, dataAt: number): Statement {
    const target = sql.slice(0, settingsAt ?? sourceAt).trimEnd()
    return {
      kind: "insert",
      target,
      settings: sql.slice(settingsAt ?? sourceAt, sourceAt).trim(),
      format,
      dataAt,
    }
  }
}

/** After `FORMAT X`: blanks and at most one line break, as ClickHouse's parser skips them. */
function startOfData(sql: string, at: number): number {
  if (sql.charAt(at) === ";") {
    throw new ClickHouseException(
      62,
      "Syntax error: there is an excessive ';' between the format's name and the data.",
    )
  }
  const skipped = /[ \t\f]*\r?\n?/y
  skipped.lastIndex = at
  return at + (skipped.exec(sql)?.[0].length ?? 0)
}

function parseOther(sql: string, first: Token | undefined): Statement {
  let depth = 0
  let format: string | undefined
  let ended: Token | undefined
  let previous: Token | undefined
  let inSettings = false
  let hasTotals = false
  let hasInput = false
  for (const token of tokens(sql)) {
    if (ended !== undefined && token.text !== ";") {
      throw new ClickHouseException(
        62,
        `Syntax error (Multi-statements are not allowed): failed at position ${ended.start + 1} (end of query).`,
      )
    }
    if (token.text === "(" && isWord(previous, "INPUT")) hasInput = true
    if (token.text === "(" && depth === 0 && !inSettings) format = undefined
    if (token.text === "(") depth++
    else if (token.text === ")") depth--
    else if (token.text === ";") ended = token
    else if (depth === 0) {
      if (isWord(previous, "FORMAT") && token.kind === "word") format = token.text
      // FORMAT stands at the end, or before the settings: elsewhere it is somebody's column.
      else if (isWord(token, "SETTINGS")) inSettings = true
      else if (!inSettings) format = undefined
      if (isWord(previous, "WITH") && isWord(token, "TOTALS")) hasTotals = true
      if (isWord(previous, "INTO") && isWord(token, "OUTFILE")) {
        throw new ClickHouseException(358, "INTO OUTFILE is not allowed: files are written by clients.")
      }
    }
    previous = token
  }
  const insert = first === undefined
  if (insert && hasInput) {
    throw new ClickHouseException(
      48,
      "INSERT ... SELECT FROM input(...) is not supported by this test server.",
    )
  }
  if (insert) return { kind: "write", format }
  const word = first.text.toUpperCase()
  if (word === "KILL") return parseKill(sql, format)
  if (word === "SELECT" || word === "WITH" || word === "(")
    return { kind: "select", format, isRowsAlone: !hasTotals && !MORE_THAN_ROWS.test(sql) }
  return { kind: word === "CREATE" || word === "ALTER" || word === "OPTIMIZE" ? "write" : "other", format }
}

function parseKill(sql: string, format: string | undefined): Statement {
  const parsed =
    /^\s*KILL\s+QUERY\s+WHERE\s+([\s\S]+?)(?:\s+(SYNC|ASYNC|TEST))?(?:\s+FORMAT\s+\w+)?[\s;]*$/i.exec(sql)
  if (parsed === null) {
    throw new ClickHouseException(
      48,
      "Only KILL QUERY WHERE ... [SYNC|ASYNC|TEST] is supported by this test server.",
    )
  }
  const asked = parsed[2]?.toUpperCase()
  const mode = asked === "SYNC" || asked === "TEST" ? asked : "ASYNC"
  return { kind: "kill", format, where: parsed[1] ?? "", mode }
}
