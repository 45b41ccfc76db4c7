// memcached. Its URL is what the library of that name takes: a host and a port.
import { findServer, freePort, type Server, serverDirectory, startServer } from "./start-server.ts"

const memcached = findServer("memcached")

export const hasMemcached = memcached !== undefined

export async function startMemcached(): Promise<Server> {
  const directory = serverDirectory("memcached")
  const port = await freePort()
  const args = ["-p", `${port}`, "-U", "0", "-l", "127.0.0.1", "-m", "16"]
  const server = await startServer(memcached!, args, { port, directory })
  return { url: `127.0.0.1:${port}`, [Symbol.asyncDispose]: server.close }
}
