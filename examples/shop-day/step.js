// A step is something that a service does: a span with a clock. What happens inside moves the clock on, and the span
// ends where the clock stands then. So a day of a shop can be told like a story, and still has exact times.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"

/**
 * @typedef {import("@opentelemetry/api").Attributes} Attributes
 * @typedef {import("./services.js").Service} Service
 * @typedef {Record<string, string | number>} LogAttributes
 * @typedef {object} Beginning
 * @property {SpanKind} kind
 * @property {number} at Milliseconds since 1970.
 * @property {Attributes} [attributes]
 * @property {Step} [parent]
 * @property {string} [session] The visit's; a step inside of another has its session.
 */

export class Step {
  failed = false

  /**
   * @param {Service} service
   * @param {string} name
   * @param {Beginning} beginning
   */
  constructor(service, name, { kind, at, attributes = {}, parent, session = parent?.session }) {
    this.service = service
    this.now = at
    this.session = session
    const context = parent?.context ?? ROOT_CONTEXT
    const all = session === undefined ? attributes : { ...attributes, "session.id": session }
    this.span = service.tracer.startSpan(name, { kind, startTime: at, attributes: all }, context)
    this.context = trace.setSpan(context, this.span)
  }

  /** Time passes. @param {number} ms */
  takes(ms) {
    this.now += ms
  }

  /** @param {Attributes} attributes */
  has(attributes) {
    this.span.setAttributes(attributes)
  }

  /**
   * A step inside of this one; returns whether it succeeded.
   * @param {Service} service
   * @param {string} name
   * @param {SpanKind} kind
   * @param {Attributes} attributes
   * @param {(step: Step) => void} work
   */
  does(service, name, kind, attributes, work) {
    const step = new Step(service, name, { kind, at: this.now, attributes, parent: this })
    work(step)
    step.span.end(step.now)
    this.now = step.now
    return !step.failed
  }

  /**
   * Calls a route of another service: a client's span here, and a server's span there.
   * @param {Service} to
   * @param {"GET" | "POST"} method
   * @param {string} route
   * @param {(step: Step) => void} serve
   */
  calls(to, method, route, serve) {
    const attributes = { "http.request.method": method, "server.address": to.name }
    return this.does(this.service, method, SpanKind.CLIENT, attributes, (client) => {
      client.takes(0.4)
      const served = client.does(
        to,
        `${method} ${route}`,
        SpanKind.SERVER,
        routeOf(method, route),
        (server) => {
          serve(server)
          server.has({ "http.response.status_code": server.failed ? 503 : 200 })
        },
      )
      client.takes(0.4)
      client.has({ "http.response.status_code": served ? 200 : 503 })
      if (!served) client.fails("503 Service Unavailable")
    })
  }

  /**
   * Asks a database.
   * @param {"postgresql" | "redis"} system
   * @param {string} text
   * @param {number} ms
   */
  asks(system, text, ms) {
    const [operation = ""] = text.split(" ")
    const [, table = ""] = /(?:FROM|INTO|UPDATE) (\w+)/.exec(text) ?? []
    const attributes = { "db.system.name": system, "db.operation.name": operation, "db.query.text": text }
    this.does(this.service, `${operation} ${table}`.trim(), SpanKind.CLIENT, attributes, (step) =>
      step.takes(ms),
    )
  }

  /** @param {string} message */
  fails(message) {
    this.failed = true
    this.span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  /** Fails with an exception, which is on the span and in the log. @param {string} type @param {string} message */
  throws(type, message) {
    const exception = { "exception.type": type, "exception.message": message }
    this.span.addEvent("exception", exception, this.now)
    this.logs("error", `${type}: ${message}`, exception)
    this.fails(message)
  }

  /**
   * @param {"info" | "warn" | "error"} severityText
   * @param {string} body
   * @param {LogAttributes} [attributes]
   */
  logs(severityText, body, attributes = {}) {
    const severityNumber = {
      info: SeverityNumber.INFO,
      warn: SeverityNumber.WARN,
      error: SeverityNumber.ERROR,
    }
    this.service.logger.emit({
      timestamp: this.now,
      observedTimestamp: this.now,
      severityNumber: severityNumber[severityText],
      severityText,
      body,
      attributes: this.session === undefined ? attributes : { ...attributes, "session.id": this.session },
      context: this.context,
    })
  }
}

/** @param {string} method @param {string} route */
export const routeOf = (method, route) => ({ "http.request.method": method, "http.route": route })
