// The open connections of a server, also those that are still in TLS's handshake, so that close() can end them all.
import type { Server, Socket } from "node:net"

export function trackConnections(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  return open
}
