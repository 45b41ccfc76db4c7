// An app that knows nothing of where its telemetry goes: a trace of two spans, and a counter.
import { metrics, trace } from "@opentelemetry/api"

const tracer = trace.getTracer("example")
const orders = metrics.getMeter("example").createCounter("orders", { description: "Orders that were taken" })

tracer.startActiveSpan("take order", (order) => {
  tracer.startActiveSpan("charge card", (charge) => charge.end())
  orders.add(1, { country: "nl" })
  order.end()
})
console.log("one order taken")
