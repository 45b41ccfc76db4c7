// Redis, for redis and ioredis.
import { findServer, freePort, type Server, serverDirectory, startServer } from "./start-server.ts"

const redis = findServer("redis-server")

export const hasRedis = redis !== undefined

export async function startRedis(): Promise<Server> {
  const directory = serverDirectory("redis")
  const port = await freePort()
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
  const server = await startServer(redis!, args, { port, directory })
  return { url: `redis://127.0.0.1:${port}`, [Symbol.asyncDispose]: server.close }
}
