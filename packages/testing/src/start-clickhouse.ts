// startClickHouse(): a real ClickHouse for tests, without Docker. This is the handle by which a test reaches the
// server, makes it fail and sees what arrived; the server runs in a process of its own.
import { randomBytes } from "node:crypto"
import type { Fault } from "./clickhouse/faults.ts"
import { checkFault, type ClickHouseOptions, resolveOptions } from "./clickhouse/options.ts"
import type { RecordedRequest } from "./clickhouse/request-log.ts"
import { spawnChild } from "./clickhouse/spawn-child.ts"
import { TestingError } from "./errors.ts"

export interface ArmedClickHouseFault {
  /** How many requests have met it. */
  hits(): Promise<number>
  /** Ends it, also for requests that hang in it. */
  clear(): Promise<void>
}

export interface ClickHouse extends AsyncDisposable {
  /** With user and password, and with the database in its path if one was asked for. */
  readonly url: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly database: string
  /** ClickHouse's version, like "26.7.2.1". */
  readonly version: string
  /** Where the data is. */
  readonly dir: string
  /** The process in which it runs. */
  readonly pid: number
  /** The URL for another of the users. */
  urlOf(username: string): string
  /** Makes requests fail; faults are used in the order in which they were set. */
  fail(fault: Fault): Promise<ArmedClickHouseFault>
  /** Refuses connections, and closes those that are open, until `accept()`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Ends every fault, and a refusal. */
  heal(): Promise<void>
  /** What has arrived, oldest first; the last 10,000 at most. */
  requests(): Promise<readonly RecordedRequest[]>
  forgetRequests(): Promise<void>
  /** Ends the process and removes what is temporary. Idempotent. */
  close(): Promise<void>
}

export async function startClickHouse(options: ClickHouseOptions = {}): Promise<ClickHouse> {
  const { directory, port, database, users } = resolveOptions(options, () =>
    randomBytes(12).toString("base64url"),
  )
  const [first] = users
  const child = spawnChild()
  const started = await child.start({ directory, port, database, users })
  child.unref()
  const close = (): Promise<void> => child.end(directory === undefined ? started.directory : undefined)
  let faults = 0

  return {
    url: urlOf(first.name),
    port: started.port,
    username: first.name,
    password: first.password,
    database,
    version: started.version,
    dir: started.directory,
    pid: child.pid,
    urlOf,
    async fail(fault) {
      const id = ++faults
      await child.tell("arm", id, checkFault(fault))
      return { hits: () => child.tell("hits", id), clear: () => child.tell("clear", id) }
    },
    refuse: () => child.tell("refuse"),
    accept: () => child.tell("accept"),
    async heal() {
      await child.tell("clear")
      await child.tell("accept")
    },
    requests: () => child.tell("requests"),
    forgetRequests: () => child.tell("forget"),
    close,
    [Symbol.asyncDispose]: close,
  }

  function urlOf(username: string): string {
    const user = users.find(({ name }) => name === username)
    if (user === undefined) {
      const known = users.map(({ name }) => name).join(", ")
      throw new TestingError(
        "WRONG_OPTION",
        `urlOf: no user ${JSON.stringify(username)} here; there are: ${known}`,
      )
    }
    const [name, password] = [user.name, user.password].map(encodeURIComponent)
    const path = database === "default" ? "" : encodeURIComponent(database)
    return `http://${name}:${password}@127.0.0.1:${started.port}/${path}`
  }
}
