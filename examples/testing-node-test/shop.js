// What is tested: a shop that answers requests, and makes a span, a log and a metric of its own.
import { once } from "node:events"
import { createServer } from "node:http"
import { metrics, SpanKind, trace } from "@opentelemetry/api"
import { logs, SeverityNumber } from "@opentelemetry/api-logs"

const tracer = trace.getTracer("shop")
const logger = logs.getLogger("shop")

export async function startShop() {
  const orders = metrics.getMeter("shop").createCounter("shop.orders")
  const server = createServer((request, response) => {
    const id = String(request.url).split("/").at(-1)
    const isKnown = findOrder(id)
    orders.add(1, { known: isKnown })
    response.writeHead(isKnown ? 200 : 404).end()
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** @param {string | undefined} id */
export function findOrder(id) {
  const attributes = { "db.system.name": "postgresql", "shop.order.id": id }
  return tracer.startActiveSpan("find order", { kind: SpanKind.CLIENT, attributes }, (span) => {
    const isKnown = id === "7"
    if (isKnown) logger.emit({ severityNumber: SeverityNumber.INFO, body: "order found" })
    else logger.emit({ severityNumber: SeverityNumber.ERROR, body: `no order ${id}` })
    span.end()
    return isKnown
  })
}
