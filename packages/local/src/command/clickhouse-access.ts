// How the commands reach the server of --clickhouse: user and password come from the environment, where other users
// cannot read them.
import { IngestError, type IngestOptions } from "@clickstack/ingest"
import type { Terminal } from "./terminal.ts"

export const clickhouseAccess = (
  url: string,
  { env }: Terminal,
): Pick<IngestOptions, "url" | "username" | "password"> => ({
  url,
  username: env["CLICKSTACK_CLICKHOUSE_USER"] || undefined,
  password: env["CLICKSTACK_CLICKHOUSE_PASSWORD"] || undefined,
})

/** In the words of the command: what to check when the server lets nobody in. */
export function sayHowToAccess(error: unknown): unknown {
  if (error instanceof IngestError && error.code === "AUTHENTICATION")
    error.message += " (CLICKSTACK_CLICKHOUSE_USER, CLICKSTACK_CLICKHOUSE_PASSWORD)"
  return error
}
