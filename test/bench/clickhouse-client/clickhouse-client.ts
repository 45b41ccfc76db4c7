// What tracing costs a query of @clickhouse/client: CPU time of the process that asks, without a tracer, with the
// client's own option `tracer`, and instrumented. All are measured in turns, in one run; each query is one in a trace, and
// is answered without a network, whose noise is many times what is measured.
//   pnpm bench clickhouse-client [queries] [rounds]
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { median, table } from "../report.ts"

const queries = Number(process.argv[2] ?? 20_000)
const rounds = Number(process.argv[3] ?? 9)
const variants = ["no tracer", "the client's tracer option", "instrumented"] as const

async function serve(): Promise<Server> {
  const server = createServer((request, response) => request.resume().on("end", () => response.end()))
  await once(server.listen(0, "127.0.0.1"), "listening")
  return server
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const collector = await serve()
const asking = fileURLToPath(new URL("asking.js", import.meta.url))
const children = new Map<string, ChildProcess>()
for (const variant of variants) {
  const child = fork(asking, [variant], {
    execArgv: ["--import", "@clickstack/node/register"],
    // From where the package is found.
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      CLICKSTACK_ENDPOINT: urlOf(collector),
      CLICKSTACK_SPOOL: "false",
      CLICKSTACK_METRICS_EXPORTER: "none",
      // The request's own span would be the same for the first two, and is not made for the third.
      CLICKSTACK_INSTRUMENTATION_HTTP: "false",
      CLICKSTACK_INSTRUMENTATION_CLICKHOUSE: String(variant === "instrumented"),
    },
  })
  children.set(variant, child)
  await once(child, "message")
}

async function measure(variant: string): Promise<number> {
  const child = children.get(variant)!
  child.send(queries)
  const [microseconds] = (await once(child, "message")) as [number]
  return microseconds / queries
}

for (const variant of variants) await measure(variant) // warm
const measured = new Map<string, number[]>(variants.map((variant) => [variant, []]))
for (let round = 0; round < rounds; round++) {
  for (const variant of variants) measured.get(variant)!.push(await measure(variant))
}

const bare = measured.get("no tracer")!
const rows = variants.map((variant) => {
  const own = measured.get(variant)!
  const added = median(own.map((value, round) => value - bare[round]!))
  return [variant, median(own).toFixed(1), added.toFixed(1)]
})
console.log(`Node ${process.version}, ${queries} queries, ${rounds} rounds, medians\n`)
console.log(table(["client", "CPU us per query", "added us"], rows))

for (const child of children.values()) child.disconnect()
collector.closeAllConnections()
collector.close()
