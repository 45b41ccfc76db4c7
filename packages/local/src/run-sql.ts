// Any SQL, for whoever may run it: decides whether a statement answers rows, which ClickHouse wants to know before.
import type { Ingest } from "@clickstack/ingest"
import { LocalError } from "./local-error.ts"

const comments = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()+/
const answering = /^(select|with|show|describe|desc|explain|exists|values|from)\b/i

type Row = Record<string, unknown>
type Params = Readonly<Record<string, unknown>>

export async function runSql(
  ingest: Ingest,
  sql: string,
  params: Params,
  signal?: AbortSignal,
): Promise<Row[]> {
  const { statement, answers } = checked(sql)
  if (answers) return ingest.query(statement, params, { signal })
  await ingest.command(statement, params)
  return []
}

/** The same, row by row, with no more than a few in memory. */
export async function* streamSql(
  ingest: Ingest,
  sql: string,
  params: Params,
  signal?: AbortSignal,
): AsyncGenerator<Row> {
  const { statement, answers } = checked(sql)
  if (answers) yield* ingest.stream<Row>(statement, params, { signal })
  else await ingest.command(statement, params)
}

function checked(sql: string): { statement: string; answers: boolean } {
  const statement = sql.replace(/[\s;]+$/, "")
  if (/\bFORMAT\s+\w+$/i.test(statement) || /\bINTO\s+OUTFILE\b/i.test(statement)) {
    throw new LocalError(
      "BAD_REQUEST",
      "leave FORMAT and INTO OUTFILE out of the SQL, and name the format beside it (--format, or the option format)",
    )
  }
  return { statement, answers: answering.test(statement.replace(comments, "")) }
}
