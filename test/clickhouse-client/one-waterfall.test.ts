// From an app's job to ClickHouse's reading of parts, in one waterfall: the app sends its spans, the server (a stand-in,
// since ClickHouse in process opens no traces) logs its own below them, and `clickstack spanlog` brings those in.
import { fileURLToPath } from "node:url"
import { startLocal } from "@clickstack/local"
import { expect, test } from "vitest"
import { clickstack } from "../local/run-clickstack.ts"
import { temporaryDirectory } from "../local/temporary.ts"
import { startTracingClickHouse } from "../local/tracing-clickhouse.ts"
import { runApp } from "../node/run-app.ts"

const cwd = temporaryDirectory()

test("the app's spans and ClickHouse's own stand in one waterfall", async () => {
  await using server = await startTracingClickHouse()
  await using local = await startLocal({ memory: true, httpPort: 0, grpcPort: false, uiPort: 0 })
  const app = fileURLToPath(new URL("fixtures/app.mjs", import.meta.url))
  const ended = await runApp(app, ["streams"], {
    nodeOptions: ["--import", "@clickstack/node/register"],
    env: { CLICKSTACK_ENDPOINT: local.otlp.http, CLICKSTACK_SERVICE: "shop", CLICKHOUSE_URL: server.url },
  })
  expect(ended).toMatchObject({ code: 0, stderr: "" })

  const brought = await clickstack(
    ["spanlog", "--clickhouse", server.url, "--to", local.otlp.http, "--once"],
    {
      cwd,
    },
  )
  expect(brought).toEqual({ code: 0, stdout: "6 spans of ClickHouse\n", stderr: "" })

  const [job] = await local.query<{ id: string }>(
    "SELECT TraceId AS id FROM otel_traces WHERE SpanName = 'job'",
  )
  const { stdout } = await clickstack(["trace", job?.id ?? "", "--url", local.url ?? ""], { cwd })
  const tree = stdout
    .split("\n")
    .slice(1)
    .map((line) => /^(.*\S) +(shop|clickhouse) +█/.exec(line.replaceAll(/ +█/g, " █")))
    .flatMap((found) => (found === null ? [] : [`${found[1]} (${found[2]})`]))
  const query = [
    "  SELECT numbers (shop)",
    "    HTTPHandler (clickhouse)",
    "      query (clickhouse)",
    "        MergeTreeSelect(pool: ReadPool, algorit… (clickhouse)",
  ]
  expect(tree).toEqual(["job (shop)", ...query, ...query])
})
