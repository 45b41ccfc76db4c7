// Starts listening, and says what to do when that fails.
import type { AddressInfo, Server } from "node:net"
import { ReceiverError } from "./receiver-error.ts"

/** Node.js asks for 511. A burst beyond it is dropped by the system without a word to either side. */
const BACKLOG = 4096

const reasons: Record<string, string> = {
  EADDRINUSE: "another process has it; stop that one, or choose another port",
  EACCES: "this process may not use it; choose a port above 1023",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no such host",
}

/** Returns the port, which differs from the one asked for when that was 0. */
export function listen(server: Server, port: number, host: string, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = reasons[cause.code ?? ""] ?? cause.message
      reject(
        new ReceiverError(
          "LISTEN_FAILED",
          `cannot listen on ${host} port ${port} (${option}): ${cause.code ?? "error"}, ${reason}`,
          { cause },
        ),
      )
    })
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.removeAllListeners("error")
      // A socket that fails while it is accepted must not end the process.
      server.on("error", () => {})
      resolve((server.address() as AddressInfo).port)
    })
  })
}
