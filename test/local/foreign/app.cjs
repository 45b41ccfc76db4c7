// An ordinary app, started with a distribution's own --require or --import: a request to itself, and a line on the
// console. It ends when it is told to.
const console = require("console")
const http = require("node:http")

const server = http.createServer((request, response) => {
  console.warn("stock is low")
  response.end(request.url)
})
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address()
  http.get({ host: "127.0.0.1", port, path: "/cart?x=1" }, (response) => response.resume())
})
process.once("SIGTERM", () => server.close())
