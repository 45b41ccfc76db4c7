// Starts ClickStack on this machine: the data's place, the OTLP receiver in front of it, the API beside it.
import { type Ingest, IngestError, createIngest } from "@clickstack/ingest"
import { type DestinationSinks, type Receiver, startReceiver } from "@clickstack/receiver"
import { beFound } from "./be-found.ts"
import { type DataDirectory, cannotOpen, findHolder, heldBy, openDataDirectory } from "./data-directory.ts"
import { type Format, formatRows } from "./format-rows.ts"
import { forwardTo } from "./forward-sink.ts"
import { startApiServer } from "./http/api-server.ts"
import { type LiveItem, createLive } from "./live.ts"
import { LocalError } from "./local-error.ts"
import { createStatements } from "./open-server.ts"
import { type LocalConfig, type LocalOptions, resolveOptions } from "./options.ts"
import type { Ask } from "./read/filter.ts"
import { type Reader, createReader } from "./read/reader.ts"
import { setAge, startRetention } from "./retention.ts"
import { runSql, streamSql } from "./run-sql.ts"
import { type Run, startSqlSocket } from "./sql-socket.ts"
import { storingSinks } from "./storing-sinks.ts"
import { type Tally, createTally } from "./tally.ts"
import { creationSettings, insertSettings, maxBytes, serverSettings, tuneTables } from "./tune-tables.ts"
import { oncePerMinute } from "./once-per-minute.ts"

export interface Local extends AsyncDisposable {
  /** Where senders send: what they call the endpoint. */
  readonly otlp: { readonly http: string; readonly grpc: string | undefined }
  /** Where the read-only API is; undefined without one. */
  readonly url: string | undefined
  /** Where the data is; undefined when it is not in a directory here. */
  readonly dir: string | undefined
  /** Any SQL, for the program that started this; it is never reachable over HTTP. */
  query(sql: string, options: QueryOptions & { format: Format }): Promise<string>
  query<Row = Record<string, unknown>>(sql: string, options?: QueryOptions): Promise<Row[]>
  /** What the API reads, as functions. */
  readonly read: Reader
  /** Tells of what was just stored; returns a function that ends it. */
  watch(watcher: (items: readonly LiveItem[]) => void): () => void
  /** What came in so far. */
  stats(): Tally
  /** Takes no more, finishes what was begun, and lets the data go. */
  close(): Promise<void>
}

export interface QueryOptions {
  /** Values for placeholders such as `{service:String}`. */
  params?: Readonly<Record<string, unknown>> | undefined
  /** Text in this format instead of rows. */
  format?: Format | undefined
}

const retryAfterSeconds = 2

const MiB = 1024 * 1024

export async function startLocal(options: LocalOptions = {}): Promise<Local> {
  const config = resolveOptions(options)
  const warn = oncePerMinute(config.onWarning)
  const tally = createTally()
  const live = createLive()
  // What was started, in order; closed in the opposite one.
  const parts: { close(): unknown }[] = []
  let closing: Promise<void> | undefined
  const close = () => (closing ??= closeAll(parts))
  try {
    const directory = config.dir === undefined ? undefined : openDataDirectory(config.dir)
    if (directory !== undefined) {
      parts.push({ close: directory.release })
      const holder = await findHolder(directory.path)
      if (holder !== undefined) throw heldBy(directory.path, holder)
    }
    const ingest = config.to.kind === "forward" ? undefined : await openIngest(config, directory)
    if (ingest !== undefined) parts.push(ingest)
    if (ingest !== undefined && config.to.kind === "embedded")
      parts.push(startRetention(ingest, config.retention, warn))

    const ask =
      (signal?: AbortSignal): Ask =>
      async (sql, params) =>
        storing(ingest).query(sql, params, signal === undefined ? {} : { signal })
    const read = createReader(ask())
    const query = async (sql: string, { params = {}, format }: QueryOptions = {}) => {
      const rows = await runSql(storing(ingest), sql, params)
      return format === undefined ? rows : formatRows(rows, format)
    }
    if (directory !== undefined) parts.push(await startSqlSocket(directory.socket, runOver(storing(ingest))))

    const sinks = ingest
      ? storingSinks(ingest, live, tally, retryAfterSeconds)
      : forwardingSinks(config, tally)
    const api =
      config.uiPort === undefined
        ? undefined
        : await startApiServer(config.uiPort, config, (signal) => createReader(ask(signal)), live)
    if (api !== undefined) parts.push(api)
    const receiver = await openReceiver(config, sinks, warn)
    parts.push(receiver)

    const otlp = { http: receiver.url ?? "", grpc: receiver.grpcUrl }
    const url = api && urlOf(config, api.port)
    const holder = { pid: process.pid, since: new Date().toISOString(), otlp, url }
    directory?.announce(holder)
    if (config.foundIn !== undefined && config.to.kind === "server") {
      const statements = createStatements(config.to.options)
      parts.push(statements, await beFound(config.foundIn, holder, runOver(statements), warn))
    }
    return {
      otlp,
      url,
      dir: config.dir,
      read,
      query: query as Local["query"],
      watch: live.watch,
      stats: () => ({ ...tally, failed: refused(receiver) }),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const runOver =
  (ingest: Ingest): Run =>
  ({ sql, params = {} }, signal) =>
    streamSql(ingest, sql, params, signal)

async function closeAll(parts: readonly { close(): unknown }[]): Promise<void> {
  for (const part of parts.toReversed()) await part.close()
}

async function openIngest(config: LocalConfig, directory: DataDirectory | undefined): Promise<Ingest> {
  const { hours } = config.retention
  const age: number | false = hours === 0 ? false : hours
  const retention = { traces: age, logs: age, metrics: age, sessions: age }
  const ingest = createIngest(
    config.to.kind === "server"
      ? // The sender waits, and repeats what is refused: short of that, less is better.
        { retryForMs: 3_000, timeoutMs: 9_000, ...config.to.options }
      : {
          url: `chdb:${directory?.data ?? ":memory:"}`,
          retention,
          retryForMs: 3_000,
          maxBytes,
          insertSettings,
          serverSettings,
          tableSettings: creationSettings,
        },
  )
  try {
    await ingest.ensureSchema()
    if (config.to.kind === "embedded") {
      await setAge(ingest, hours)
      await tuneTables(ingest)
    }
    return ingest
  } catch (error) {
    await ingest.close().catch(() => {})
    // chDB prints why it cannot open its files, and throws an error that does not say it.
    const unopened = error instanceof IngestError && /cannot be opened|in use by another/.test(error.message)
    throw directory !== undefined && unopened ? cannotOpen(directory.path, error) : error
  }
}

function openReceiver(
  config: LocalConfig,
  sinks: DestinationSinks,
  warn: (message: string) => void,
): Promise<Receiver> {
  return startReceiver({
    host: config.host,
    httpPort: config.httpPort,
    ...(config.grpcPort === undefined ? {} : { grpcPort: config.grpcPort }),
    ...(config.token === undefined ? {} : { auth: config.token }),
    ...(config.tls === undefined ? {} : { tls: config.tls }),
    allowedOrigins: config.allowedOrigins,
    allowedHosts: config.allowedHosts,
    // What is decoded takes several times the bytes that came, so fewer are let in at once than a receiver would, and
    // none that could not be stored soon: what is refused before it is read costs nothing.
    limits: {
      requests: 16,
      bodyBytes: 32 * MiB,
      // ClickHouse and Node.js take 300 MB before anything comes (its code alone 230), and merges and inserts up to 300
      // more: this keeps the process under 900 MB, whatever comes.
      inFlightBytes: 32 * MiB,
      residentBytes: 720 * MiB,
      retryAfterSeconds,
      closeTimeoutMillis: 10_000,
      ...config.limits,
    },
    ...sinks,
    onError: ({ message, cause }) =>
      warn(withAdvice(config, cause instanceof Error ? cause.message : message)),
  })
}

/** What ClickHouse says of a full disk is meant for a server's owner. */
const withAdvice = ({ to }: LocalConfig, message: string): string =>
  to.kind === "embedded" && message.includes("NOT_ENOUGH_SPACE")
    ? `${message.replace(/; the server's disk is full$/, "")}; make room on the disk, or keep less (--max-size, --retention)`
    : message

function forwardingSinks(config: LocalConfig, tally: Tally): DestinationSinks {
  if (config.to.kind !== "forward") throw new TypeError("there is nowhere to forward to")
  const forward = forwardTo(config.to)
  const sink = {
    raw: async (request: Parameters<typeof forward>[0]) => {
      const partial = await forward(request)
      tally.forwarded++
      return partial
    },
  }
  return { traces: sink, logs: sink, metrics: sink }
}

function storing(ingest: Ingest | undefined): Ingest {
  if (ingest !== undefined) return ingest
  throw new LocalError(
    "NOT_STORING",
    "this ClickStack passes everything on and stores nothing: ask where it forwards to",
  )
}

function refused(receiver: Receiver): number {
  return Object.values(receiver.stats()).reduce((sum, { refused: count }) => sum + count, 0)
}

function urlOf(config: LocalConfig, port: number): string {
  const host = config.host.includes(":") ? `[${config.host}]` : config.host
  return `${config.tls ? "https" : "http"}://${host}:${port}`
}
