// Where rows go and queries are answered: a server over HTTP, or ClickHouse in this process.
import { exceptionError, queryError } from "../exceptions.ts"

export type Settings = Readonly<Record<string, string | number | boolean>>

export interface Insert {
  /** Quoted, with its database. */
  readonly table: string
  readonly columns: readonly string[]
  readonly format: "Native" | "JSONEachRow"
  readonly blocks: readonly Buffer[]
  /** Besides the engine's own. */
  readonly settings: Settings
  /** The same for every attempt to store these rows, so that a server that remembers tokens stores them once. */
  readonly token: string
  readonly signal?: AbortSignal | undefined
}

export interface Query {
  /** Where names without a database are looked up. Our own statements name it and leave this out. */
  readonly database?: string
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal | undefined
}

/** A user's own SQL names its database; what goes wrong with it is theirs to correct. */
export const errorFor = ({ database }: Query): typeof exceptionError =>
  database === undefined ? exceptionError : queryError

export interface Engine {
  /** Names the place in messages, without credentials. */
  readonly where: string
  insert(insert: Insert): Promise<void>
  /** Runs a statement that answers nothing. */
  command(query: Query): Promise<void>
  /** Yields rows in batches, as they arrive. Leaving the loop stops the query where that is possible. */
  query(query: Query): AsyncIterable<Record<string, unknown>[]>
  close(): Promise<void>
}

/** The same engine, whose work ends with the signal; chDB's cannot be stopped. */
export const until = (engine: Engine, signal: AbortSignal): Engine => ({
  ...engine,
  insert: (insert) => engine.insert({ ...insert, signal }),
  command: (query) => engine.command({ ...query, signal }),
  query: (query) => engine.query({ ...query, signal }),
})

export const quote = (name: string): string => `\`${name.replace(/[\\`]/g, "\\$&")}\``

export const settingsClause = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === "string" ? textLiteral(value) : Number(value)}`)
    .join(", ")

export const textLiteral = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`
