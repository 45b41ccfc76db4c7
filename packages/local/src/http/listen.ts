// Starts listening, and says what to do when that fails.
import type { ListenOptions, Server } from "node:net"
import { LocalError } from "../local-error.ts"

const reasons: Record<string, string> = {
  EADDRINUSE: "another process has it; stop that one, or choose another port (0 takes a free one)",
  EACCES: "this process may not use it; choose a port above 1023",
  EADDRNOTAVAIL: "this machine has no such address",
}

/** Returns the port, which differs from the one asked for when that was 0; 0 for a Unix socket. */
export function listen(server: Server, options: ListenOptions, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = options.path ?? `${options.host} port ${options.port} (${option})`
      const reason = reasons[cause.code ?? ""] ?? cause.message
      reject(
        new LocalError("LISTEN_FAILED", `cannot listen on ${where}: ${cause.code}, ${reason}`, { cause }),
      )
    })
    server.listen(options, () => {
      server.removeAllListeners("error")
      // A socket that fails while it is accepted must not end the process.
      server.on("error", () => {})
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
}
