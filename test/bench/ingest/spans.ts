// Realistic spans, made by OpenTelemetry's own SDK: 10 resource attributes, 8 span attributes, every tenth with an event.
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BasicTracerProvider, type ReadableSpan, RandomIdGenerator } from "@opentelemetry/sdk-trace-base"

export function makeSpans(count: number): ReadableSpan[] {
  const spans: ReadableSpan[] = []
  const provider = new BasicTracerProvider({
    idGenerator: new RandomIdGenerator(),
    spanLimits: {},
    resource: resourceFromAttributes({
      "service.name": "checkout",
      "service.version": "4.11.2",
      "service.instance.id": "2b1c7d0e-6f0a-4a53-9a57-6d3a1f5f8e11",
      "deployment.environment.name": "production",
      "host.name": "ip-10-0-12-7.eu-central-1.compute.internal",
      "telemetry.sdk.name": "opentelemetry",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": "2.12.0",
      "k8s.pod.name": "checkout-6d5f8c9b7-x2x9z",
      "k8s.namespace.name": "shop",
    }),
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span: ReadableSpan) => void spans.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  })
  const tracer = provider.getTracer("@opentelemetry/instrumentation-http", "0.223.0")
  const routes = ["/orders/:id", "/cart", "/products", "/products/:id", "/checkout", "/login", "/health"]
  for (let index = 0; spans.length < count; index++) {
    const route = routes[index % routes.length] ?? ""
    const parent = tracer.startSpan(`POST ${route}`, {
      kind: SpanKind.SERVER,
      attributes: {
        "http.request.method": "POST",
        "http.route": route,
        "http.response.status_code": index % 50 === 0 ? 500 : 200,
        "url.path": route.replace(":id", String(index * 7919)),
        "url.scheme": "https",
        "server.address": "shop.example.com",
        "client.address": `203.0.113.${index % 250}`,
        "user_agent.original":
          "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
      },
    })
    const child = tracer.startSpan(
      "SELECT shop.orders",
      {
        kind: SpanKind.CLIENT,
        attributes: {
          "db.system.name": "postgresql",
          "db.namespace": "shop",
          "db.operation.name": "SELECT",
          "db.collection.name": "orders",
          "db.query.text": "SELECT id, customer, total FROM orders WHERE id = $1 AND deleted_at IS NULL",
          "db.response.returned_rows": index % 20,
          "server.address": "postgres.shop.svc.cluster.local",
          "server.port": 5432,
        },
      },
      trace.setSpan(context.active(), parent),
    )
    if (index % 5 === 0) child.addEvent("retry", { attempt: 1, reason: "deadlock detected" })
    child.end()
    if (index % 50 === 0) parent.setStatus({ code: SpanStatusCode.ERROR, message: "deadlock" })
    parent.end()
  }
  return spans.slice(0, count)
}

/** The same spans as the rows that somebody would hand to the official client. */
export function makeRows(spans: readonly ReadableSpan[]): Record<string, unknown>[] {
  return spans.map((span) => ({
    Timestamp: timeText(span.startTime),
    TraceId: span.spanContext().traceId,
    SpanId: span.spanContext().spanId,
    ParentSpanId: span.parentSpanContext?.spanId ?? "",
    TraceState: "",
    SpanName: span.name,
    SpanKind: ["Internal", "Server", "Client", "Producer", "Consumer"][span.kind],
    ServiceName: span.resource.attributes["service.name"],
    ResourceAttributes: texts(span.resource.attributes),
    ScopeName: span.instrumentationScope.name,
    ScopeVersion: span.instrumentationScope.version,
    SpanAttributes: texts(span.attributes),
    Duration: span.duration[0] * 1e9 + span.duration[1],
    StatusCode: ["Unset", "Ok", "Error"][span.status.code],
    StatusMessage: span.status.message ?? "",
    "Events.Timestamp": span.events.map((event) => timeText(event.time)),
    "Events.Name": span.events.map((event) => event.name),
    "Events.Attributes": span.events.map((event) => texts(event.attributes ?? {})),
    "Links.TraceId": [],
    "Links.SpanId": [],
    "Links.TraceState": [],
    "Links.Attributes": [],
  }))
}

const texts = (attributes: object): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]))

const timeText = ([seconds, nanoseconds]: readonly [number, number]): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, "0")}Z`
