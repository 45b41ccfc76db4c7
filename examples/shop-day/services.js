// The shop's services as OpenTelemetry sees them: each has a tracer and a logger of the real SDK, with its own
// resource. A running app hands what they record to ingest's exporters through the SDK's batch processors (see
// examples/plain-opentelemetry). This one makes up a whole day at once, so it collects everything first.
import { resourceFromAttributes } from "@opentelemetry/resources"
import { LoggerProvider } from "@opentelemetry/sdk-logs"
import { AlwaysOnSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base"

/**
 * @typedef {object} Service
 * @property {string} name
 * @property {import("@opentelemetry/resources").Resource} resource
 * @property {import("@opentelemetry/api").Tracer} tracer
 * @property {import("@opentelemetry/api-logs").Logger} logger
 */

/** @param {import("./random.js").Random} random */
export function createServices(random) {
  /** @type {import("@opentelemetry/sdk-trace-base").ReadableSpan[]} */
  const spans = []
  /** @type {import("@opentelemetry/sdk-logs").ReadableLogRecord[]} */
  const logs = []
  const idle = async () => {}

  /**
   * @param {string} name
   * @param {string} version
   * @returns {Service}
   */
  function create(name, version) {
    const resource = resourceFromAttributes({
      "service.name": name,
      "service.version": version,
      "deployment.environment.name": "production",
      "host.name": `${name}-${random.hex(5)}`,
      "telemetry.sdk.language": "nodejs",
    })
    const tracers = new BasicTracerProvider({
      resource,
      sampler: new AlwaysOnSampler(),
      idGenerator: { generateTraceId: () => random.hex(32), generateSpanId: () => random.hex(16) },
      spanProcessors: [
        { onStart() {}, onEnd: (span) => void spans.push(span), forceFlush: idle, shutdown: idle },
      ],
    })
    const loggers = new LoggerProvider({
      resource,
      processors: [{ onEmit: (record) => void logs.push(record), forceFlush: idle, shutdown: idle }],
    })
    return { name, resource, tracer: tracers.getTracer("shop"), logger: loggers.getLogger("shop") }
  }

  return { create, spans, logs }
}
