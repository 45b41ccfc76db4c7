// A receiver in a process of its own, so that its memory can be told from the test's. Takes the options as JSON,
// sends its ports, and answers each "peak" with the most resident memory that it has had.
import { startReceiver } from "@clickstack/receiver"

let peak = process.memoryUsage.rss()
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)

const sink = () => {}
const receiver = await startReceiver({
  httpPort: 0,
  grpcPort: 0,
  traces: sink,
  logs: sink,
  metrics: sink,
  ...JSON.parse(process.argv[2] ?? "{}"),
})

process.on("message", () => {
  process.send?.({ peak: Math.max(peak, process.memoryUsage.rss()) })
})
process.on("disconnect", () => process.exit())
process.send?.({ url: receiver.url, grpcUrl: receiver.grpcUrl })
