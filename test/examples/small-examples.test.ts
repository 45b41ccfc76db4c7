// The small examples, as real processes: in process, and with a server.
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { runNode } from "../run-node.ts"

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}/index.js`, import.meta.url))

const expected = {
  "ingest-script": `tables created: 8
[ { message: '3 rows had no price', file: 'prices.csv' } ]
`,
  "plain-opentelemetry": `{ span: 'GET /hello', log: 'greeted somebody', greetings: 1 }
`,
}

describe.each(Object.entries(expected))("%s", (name, stdout) => {
  test("works in process", async () => {
    expect(await runNode([example(name)])).toEqual({ code: 0, stdout, stderr: "" })
  })

  test("works with a server", async () => {
    await using clickHouse = await startClickHouse({ database: "otel" })
    expect(await runNode([example(name), clickHouse.url])).toEqual({ code: 0, stdout, stderr: "" })
    await using ingest = createIngest(clickHouse.url)
    expect(await ingest.query("SELECT count() > 0 AS stored FROM otel_logs")).toEqual([{ stored: 1 }])
  })
})
