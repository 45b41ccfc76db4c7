// As an instrumentation.ts of Next.js does it.
import { trace } from "@opentelemetry/api"
import { registerOTel } from "@vercel/otel"

registerOTel({ serviceName: "vercel" })
trace.getTracer("pages").startActiveSpan("render /cart", (span) => {
  span.setAttributes({ "next.route": "/cart", items: 3 })
  span.end()
})
await trace.getTracerProvider().getDelegate().forceFlush()
