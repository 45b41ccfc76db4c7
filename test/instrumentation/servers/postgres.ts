// PostgreSQL with one empty database, for pg, knex and Prisma.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import {
  findServer,
  freePort,
  runAsServer,
  type Server,
  serverDirectory,
  startServer,
} from "./start-server.ts"

// Debian keeps the executables of each major version in a directory of its own, off the PATH.
const postgres = findServer(
  "postgres",
  ...versions("/usr/lib/postgresql").map((at) => join(at, "bin/postgres")),
)

export const hasPostgres = postgres !== undefined

export async function startPostgres(): Promise<Server> {
  const directory = serverDirectory("postgres")
  const port = await freePort()
  const data = join(directory, "data")
  const initdb = postgres!.replace(/postgres$/, "initdb")
  await runAsServer(initdb, ["-D", data, "-U", "shop", "-A", "trust", "--no-sync", "-E", "UTF8"], directory)
  const args = ["-D", data, "-p", `${port}`, "-h", "127.0.0.1", "-k", directory, "-F"]
  const server = await startServer(postgres!, args, { port, directory })
  return { url: `postgres://shop@127.0.0.1:${port}/postgres`, [Symbol.asyncDispose]: server.close }
}

function versions(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}
