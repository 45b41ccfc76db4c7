// The process that asks: told how many, it asks that many one after the other, and tells the CPU time it took.
import { createClient } from "@clickhouse/client"
import { trace } from "@opentelemetry/api"

const variant = process.argv[2]
const tracer = trace.getTracer("bench")
// Answers at once: what is measured is what the client and the tracer do, without the noise of a request over HTTP.
const answer = () => Promise.resolve({ query_id: "1", response_headers: {} })
const connection = { command: answer, close: () => Promise.resolve() }
const client = createClient({
  connection: connection as never,
  ...(variant === "the client's tracer option" ? { tracer: trace.getTracer("clickhouse") } : {}),
})

process.on("message", (count: number) => {
  const before = process.cpuUsage()
  void ask(count).then(() => {
    const { user, system } = process.cpuUsage(before)
    process.send!(user + system)
  })
})
process.send!("ready")

async function ask(count: number): Promise<void> {
  for (let asked = 0; asked < count; asked++) {
    await tracer.startActiveSpan("job", async (span) => {
      await client.command({
        query: "SELECT id, country FROM orders WHERE id = {id:UInt64}",
        query_params: { id: 7 },
      })
      span.end()
    })
  }
}
