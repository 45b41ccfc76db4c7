// A real ClickHouse with ClickStack's tables, for all tests of a file.
import { createIngest } from "@clickstack/ingest"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll } from "vitest"

interface Tables {
  /** Of the server. */
  readonly url: string
  readonly ingest: ReturnType<typeof createIngest>
}

/** There from the first test, and in every beforeAll() that follows. */
export function useTables(): Tables {
  let server: ClickHouse
  let ingest: ReturnType<typeof createIngest>
  beforeAll(async () => {
    server = await startClickHouse()
    ingest = createIngest(server.url)
    await ingest.ensureSchema()
  })
  afterAll(async () => {
    await ingest.close()
    await server.close()
  })
  return {
    get url() {
      return server.url
    },
    get ingest() {
      return ingest
    },
  }
}
