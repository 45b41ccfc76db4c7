// The server that is measured, as a file that is written beside each tool, so that it finds that tool's packages:
// `node server.cjs FRAMEWORK ROUTE SPAN DATABASE_PORT`. It says which port it has, and what it has used when asked.

export const serverSource = `const [framework, route, spans, databasePort] = process.argv.slice(2)
const inSpan = {
  "opentelemetry": (fn) => {
    const tracer = require("@opentelemetry/api").trace.getTracer("bench")
    const run = (span) => {
      const result = fn()
      span.end()
      return result
    }
    return () => tracer.startActiveSpan("work", run)
  },
  "dd-trace": (fn) => {
    const tracer = require("dd-trace")
    return () => tracer.trace("work", fn)
  },
  "sentry": (fn) => {
    const { startSpan } = require("@sentry/node")
    const options = { name: "work" }
    return () => startSpan(options, fn)
  },
}

let handle = (id) => ({ hello: "world", id })
if (route === "span" && spans !== "none") {
  const work = inSpan[spans](() => ({ hello: "world" }))
  handle = (id) => ({ ...work(), id })
}
if (route === "real") {
  const { Pool } = require("pg")
  const pool = new Pool({ host: "127.0.0.1", port: Number(databasePort), user: "bench", database: "bench", max: 8 })
  const logger = require("pino")()
  handle = async (id) => {
    logger.info({ id }, "asked for an order")
    const { rows } = await pool.query("SELECT id, total FROM orders WHERE id = 7")
    logger.info({ id, rows: rows.length }, "found it")
    return { order: rows[0], id }
  }
}

const listening = (server) => {
  server.keepAliveTimeout = 600_000 // the others have their turn meanwhile
  process.send({ port: server.address().port })
}
if (framework === "express") {
  const app = require("express")()
  const answer =
    route === "real"
      ? async (request, response) => response.json(await handle(request.params.id))
      : (request, response) => response.json(handle(request.params.id))
  app.get("/orders/:id", answer)
  const server = app.listen(0, "127.0.0.1", () => listening(server))
} else {
  const app = require("fastify")()
  const answer =
    route === "real"
      ? async (request) => handle(request.params.id)
      : (request, reply) => reply.send(handle(request.params.id))
  app.get("/orders/:id", answer)
  app.listen({ port: 0, host: "127.0.0.1" }).then(() => listening(app.server))
}
process.on("message", () => process.send({ cpu: process.cpuUsage() }))
`
