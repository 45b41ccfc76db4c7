// Statements of a person over a ClickHouse server: they take as long as they take, while a server that is away is said
// to be so at once.
import { type Ingest, type IngestOptions, createIngest } from "@clickstack/ingest"

const longestStatementMs = 3_600_000
const longestGreetingMs = 10_000

/** Connects with the first statement. */
export const createStatements = (options: IngestOptions): Ingest =>
  createIngest({ ...options, timeoutMs: longestStatementMs })

/** Throws where the server does not answer, or lets nobody in. */
export async function openServer(options: IngestOptions): Promise<Ingest> {
  await using greeting = createIngest({ ...options, timeoutMs: longestGreetingMs })
  await greeting.query("SELECT 1")
  return createStatements(options)
}
