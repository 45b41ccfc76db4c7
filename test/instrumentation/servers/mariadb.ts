// MariaDB, for mysql2.
import { join } from "node:path"
import {
  findServer,
  freePort,
  runAsServer,
  type Server,
  serverDirectory,
  startServer,
} from "./start-server.ts"

const mariadbd = findServer("mariadbd")

export const hasMariadb = mariadbd !== undefined

export async function startMariadb(): Promise<Server> {
  const directory = serverDirectory("mariadb")
  const port = await freePort()
  const data = join(directory, "data")
  const install = ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"]
  await runAsServer("mariadb-install-db", [...install, "--skip-test-db", "--skip-name-resolve"], directory)
  const args = ["--no-defaults", `--datadir=${data}`, `--port=${port}`, "--bind-address=127.0.0.1"]
  const more = [
    `--socket=${join(directory, "socket")}`,
    "--skip-name-resolve",
    "--innodb-flush-method=nosync",
  ]
  const server = await startServer(mariadbd!, [...args, ...more], { port, directory })
  return { url: `mysql://root@127.0.0.1:${port}/mysql`, [Symbol.asyncDispose]: server.close }
}
