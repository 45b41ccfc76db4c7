// Servers and sockets for tests that look at single bytes and events.
import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import { connect } from "node:net"

export interface Listening extends AsyncDisposable {
  readonly server: Server
  readonly port: number
}

export async function serve(listener?: RequestListener, server: Server = createServer()): Promise<Listening> {
  if (listener !== undefined) server.on("request", listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  return {
    server,
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const head = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, "Host: shop.example:8080", ...headers, "", ""].join("\r\n")

/** Sends it and gives all that comes back until the server closes the connection. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1")
  let answer = ""
  socket.on("data", (chunk) => (answer += chunk.toString("latin1")))
  socket.write(text, "latin1")
  await once(socket, "close")
  return answer
}
