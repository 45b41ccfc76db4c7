// Frameworks for servers: the server's span is named by the route; middleware is not a span.
import { expectTraces } from "./traced-app.ts"

for (const versions of ["newest", "previous"] as const) {
  const older = versions === "previous" ? " of the previous version" : ""
  for (const framework of ["express", "fastify", "koa"]) {
    expectTraces(
      framework,
      `
      GET  client  200
        GET /orders/:id  server  200
          look up
      `,
      { name: `${framework}${older}`, versions },
    )
  }
}

expectTraces(
  "hapi",
  `
  GET  client  200
    GET /orders/{id}  server  200
      look up
  `,
)

expectTraces(
  "hono",
  `
  GET  client  200
    GET /orders/:id  server  200
      look up
  `,
)

expectTraces(
  "nest",
  `
  GET  client  200
    GET /orders/:id  server  200
      OrdersController.find
        find
          look up
  `,
)

expectTraces(
  "graphql",
  `
  job
    graphql.parse
    graphql.validate
    query FindOrder
      graphql.resolve order
  `,
)

expectTraces(
  "socket.io",
  `
  GET  client  101
  receive /  consumer  messaging.socket.io.event_name=connection
  receive /  consumer  messaging.socket.io.event_name=order
    send /  producer  messaging.socket.io.event_name=accepted
  `,
)
