// How the commands reach the server of --clickhouse: user and password come from the environment, where other users
// cannot read them.
import type { IngestOptions } from "@clickstack/ingest"
import type { Terminal } from "./terminal.ts"

export const clickhouseAccess = (
  url: string,
  { env }: Terminal,
): Pick<IngestOptions, "url" | "username" | "password"> => ({
  url,
  username: env["CLICKSTACK_CLICKHOUSE_USER"] || undefined,
  password: env["CLICKSTACK_CLICKHOUSE_PASSWORD"] || undefined,
})
