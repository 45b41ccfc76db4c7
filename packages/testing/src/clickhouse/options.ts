// The options of startClickHouse() and of fail(), checked by name and made complete.
import { resolve } from "node:path"
import { TestingError } from "../errors.ts"
import type { User } from "./credentials.ts"
import type { Fault } from "./faults.ts"

export interface ClickHouseOptions {
  /** Where the data is kept; a temporary directory, removed at the end, unless given. */
  readonly dir?: string
  /** The name of the first user; "default" unless given. */
  readonly username?: string
  /** Random unless given. */
  readonly password?: string
  /** More users, by name. `readonly` ones may neither write nor change settings. */
  readonly users?: Readonly<Record<string, { readonly password: string; readonly readonly?: boolean }>>
  /** Created if it is missing, and used where a request names none; "default" unless given. */
  readonly database?: string
  /** A free one unless given. */
  readonly port?: number
}

export interface ResolvedOptions {
  readonly directory: string | undefined
  readonly port: number
  readonly database: string
  readonly users: readonly [User, ...User[]]
}

export function resolveOptions(options: ClickHouseOptions, randomPassword: () => string): ResolvedOptions {
  refuseUnknown("startClickHouse", options, ["dir", "username", "password", "users", "database", "port"])
  const {
    dir,
    username = "default",
    password = randomPassword(),
    users = {},
    database = "default",
    port = 0,
  } = options
  for (const [name, value] of Object.entries({ username, database, ...(dir === undefined ? {} : { dir }) })) {
    if (typeof value !== "string" || value === "")
      throw wrong("startClickHouse", name, value, "a non-empty string")
  }
  if (typeof password !== "string") throw wrong("startClickHouse", "password", password, "a string")
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong("startClickHouse", "port", port, "an integer from 0 (a free port) to 65535")
  }
  const others = Object.entries(users).map(([name, user]): User => {
    refuseUnknown(`startClickHouse: users.${name}`, user, ["password", "readonly"])
    if (typeof user.password !== "string")
      throw wrong("startClickHouse", `users.${name}.password`, user.password, "a string")
    if (name === username) throw wrong("startClickHouse", `users.${name}`, name, "another name than username")
    return { name, password: user.password, readonly: user.readonly ?? false }
  })
  return {
    directory: dir === undefined ? undefined : resolve(dir),
    port,
    database,
    users: [{ name: username, password, readonly: false }, ...others],
  }
}

const KINDS = ["exception", "reset", "delay", "drip", "hang"]
const RESETS = ["before", "inside", "after", "done", "answer"]

export function checkFault(fault: Fault): Fault {
  const known = ["on", "match", "afterwards", "times", ...KINDS]
  refuseUnknown("fail", fault, "exception" in fault ? [...known, "message", "status", "midway"] : known)
  const kinds = KINDS.filter((kind) => kind in fault)
  if (kinds.length !== 1)
    throw wrong("fail", "fault", kinds.join(" and ") || "nothing", `exactly one of ${KINDS.join(", ")}`)
  const { on, match, times = 1 } = fault
  if (on !== undefined && !["insert", "query", "ping"].includes(on))
    throw wrong("fail", "on", on, '"insert", "query" or "ping"')
  if (match !== undefined && !(match instanceof RegExp))
    throw wrong("fail", "match", match, "a regular expression")
  if (!(times > 0)) throw wrong("fail", "times", times, "a number above 0, or Infinity")
  if ("exception" in fault && !(Number.isInteger(fault.exception) && fault.exception > 0)) {
    throw wrong("fail", "exception", fault.exception, "the number of an exception, like 252")
  }
  if ("reset" in fault && !RESETS.includes(fault.reset))
    throw wrong("fail", "reset", fault.reset, RESETS.join(", "))
  if (fault.afterwards === true && ("reset" in fault || "drip" in fault)) {
    throw wrong(
      "fail",
      "afterwards",
      true,
      'left out: a reset has its own moments (reset: "done"), and a drip is the answer itself',
    )
  }
  if ("delay" in fault && !(fault.delay >= 0)) throw wrong("fail", "delay", fault.delay, "milliseconds")
  if ("drip" in fault && !(fault.drip > 0)) throw wrong("fail", "drip", fault.drip, "bytes per second")
  return fault
}

function refuseUnknown(where: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new TestingError(
      "WRONG_OPTION",
      `${where}: unknown option ${JSON.stringify(name)}; there are: ${known.join(", ")}`,
    )
  }
}

function wrong(where: string, name: string, value: unknown, wanted: string): TestingError {
  return new TestingError(
    "WRONG_OPTION",
    `${where}: ${name} is ${JSON.stringify(value) ?? String(value)}, but must be ${wanted}`,
  )
}
