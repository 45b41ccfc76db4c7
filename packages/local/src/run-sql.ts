// Any SQL, for whoever may run it: decides whether a statement answers rows, which ClickHouse wants to know before.
import type { Ingest } from "@clickstack/ingest"
import { LocalError } from "./local-error.ts"

const comments = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()+/
const answering = /^(select|with|show|describe|desc|explain|exists|values|from)\b/i

export async function runSql(
  ingest: Ingest,
  sql: string,
  params: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const statement = sql.replace(/[\s;]+$/, "")
  if (/\bFORMAT\s+\w+$/i.test(statement) || /\bINTO\s+OUTFILE\b/i.test(statement)) {
    throw new LocalError(
      "BAD_REQUEST",
      "leave FORMAT and INTO OUTFILE out of the SQL, and name the format beside it (--format, or the option format)",
    )
  }
  if (answering.test(statement.replace(comments, ""))) return ingest.query(statement, params, { signal })
  await ingest.command(statement, params)
  return []
}
