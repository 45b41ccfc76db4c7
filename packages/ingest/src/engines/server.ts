// A ClickHouse server or cluster, over HTTP with the official client, which is loaded when it is first needed.
import { randomUUID } from "node:crypto"
import { Readable, addAbortSignal } from "node:stream"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { ClickHouseClient, ClickHouseSettings, ExecParams } from "@clickhouse/client"
import { IngestError } from "../errors.ts"
import { connectionError, exceptionError } from "../exceptions.ts"
import type { ServerOptions } from "../options.ts"
import { type Engine, type Insert, type Query, errorFor } from "./engine.ts"
import { createRowReader } from "./result-values.ts"
import { withoutTracing } from "./suppress-tracing.ts"

const compress = promisify(gzip)

// Level 1 costs a third of the default's CPU and sends a tenth more bytes.
const gzipLevel = 1

// The server closes idle connections after 10 s, ClickHouse Cloud after 3 s: ours must be gone before, or a request
// meets the closing.
const idleSocketMs = 2_500

const querySettings: ClickHouseSettings = {
  // Exact whole numbers and decimals, as `result-values.ts` reads them.
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 1,
  cancel_http_readonly_queries_on_client_close: 1,
}

export function createServerEngine(options: ServerOptions): Engine {
  const where = `${options.origin}, database ${options.database}`
  let connecting: Promise<ClickHouseClient> | undefined
  const client = () => (connecting ??= connect(options))

  return {
    where,
    async insert(insert) {
      const { columns, table, format } = insert
      const body = await bodyOf(insert, options.compression)
      const request = {
        query: `INSERT INTO ${table} (${columns.join(", ")}) FORMAT ${format}`,
        values: Readable.from(body, { objectMode: false }),
        clickhouse_settings: insertSettings(insert, options),
        ...(options.compression ? { http_headers: { "Content-Encoding": "gzip" } } : {}),
      }
      const work = async () => send(await client(), request, options.timeoutMs, insert.signal)
      await run(`${options.origin}, insert into ${table}`, work, exceptionError)
    },
    async command(query) {
      const { sql, params, database } = query
      const request = {
        query: sql,
        query_params: { ...params },
        clickhouse_settings: { ...options.settings, wait_end_of_query: 1 as const },
        ...inDatabase(database),
      }
      const work = async () => send(await client(), request, options.timeoutMs, query.signal)
      await run(where, work, errorFor(query))
    },
    query: (query) => queryServer(client, query, where, options),
    async close() {
      const open = connecting
      connecting = undefined
      await (await open)?.close()
    },
  }
}

const inDatabase = (database: string | undefined) =>
  database === undefined ? {} : { http_headers: { "X-ClickHouse-Database": database } }

async function connect(options: ServerOptions): Promise<ClickHouseClient> {
  const { ClickHouseLogLevel, createClient } = await import("@clickhouse/client")
  return createClient({
    url: options.origin,
    username: options.username,
    password: options.password,
    request_timeout: options.timeoutMs,
    compression: { request: false, response: options.compression },
    keep_alive: { enabled: true, idle_socket_ttl: idleSocketMs, eagerly_destroy_stale_sockets: true },
    application: "clickstack-ingest",
    // The client would print what we report.
    log: { level: ClickHouseLogLevel.OFF },
    ...(options.headers === undefined ? {} : { http_headers: { ...options.headers } }),
    ...(options.tls === undefined ? {} : { tls: clientTls(options.tls) }),
  })
}

const clientTls = ({ caCert, cert, key }: NonNullable<ServerOptions["tls"]>) =>
  cert === undefined || key === undefined ? { ca_cert: caCert } : { ca_cert: caCert, cert, key }

function insertSettings(
  { token, format, settings }: Insert,
  { asyncInsert, clustered, ...options }: ServerOptions,
): ClickHouseSettings {
  return {
    ...options.settings,
    ...settings,
    ...(asyncInsert ? { async_insert: 1, wait_for_async_insert: 1 } : { async_insert: 0 }),
    insert_deduplication_token: token,
    // Without it an answer begins before the insert has succeeded, with status 200.
    wait_end_of_query: 1,
    // Else a Distributed table only queues the rows on this node, and what goes wrong with them is told to nobody.
    ...(clustered ? { distributed_foreground_insert: 1 } : {}),
    ...(format === "JSONEachRow" ? { date_time_input_format: "best_effort" } : {}),
  }
}

async function bodyOf({ blocks }: Insert, compression: boolean): Promise<readonly Buffer[]> {
  return compression ? [await compress(Buffer.concat(blocks), { level: gzipLevel })] : blocks
}

/** Sends a statement and reads its answer, all of it before the deadline. */
async function send(
  client: ClickHouseClient,
  request: ExecParams,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const deadline = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
  // The client itself looks at the signal only until the answer begins.
  const { stream, response_headers } = await client.exec({ ...request, abort_signal: deadline })
  const answer = await textOf(addAbortSignal(deadline, stream))
  throwIfException(answer, response_headers["x-clickhouse-exception-code"])
}

async function* queryServer(
  client: () => Promise<ClickHouseClient>,
  query: Query,
  where: string,
  options: ServerOptions,
): AsyncGenerator<Record<string, unknown>[]> {
  const { sql, params, signal, database } = query
  const toError = errorFor(query)
  const queryId = randomUUID()
  let running = true
  let result: { stream(): unknown; close(): void } | undefined
  // Closing the connection ends a query only when it next writes; this ends it at once. Our own are over in a moment.
  const isOwn = database === undefined
  const stop = () => {
    if (!running || isOwn) return
    running = false
    const kill = { query: "KILL QUERY WHERE query_id = {id:String} ASYNC", query_params: { id: queryId } }
    void withoutTracing(async () => (await client()).command(kill)).catch(() => {})
  }
  signal?.addEventListener("abort", stop, { once: true })
  try {
    const ask = async () => {
      signal?.throwIfAborted()
      return (await client()).query({
        query: sql,
        format: "JSONCompactEachRowWithNamesAndTypes",
        query_params: { ...params },
        query_id: queryId,
        clickhouse_settings: { ...options.settings, ...querySettings },
        ...inDatabase(database),
        ...(signal === undefined ? {} : { abort_signal: signal }),
      })
    }
    result = await run(where, ask, toError)
    const lines = (result.stream() as AsyncIterable<readonly Line[]>)[Symbol.asyncIterator]()
    const read = createRowReader()
    for (;;) {
      const { done, value } = await run(where, () => within(options.timeoutMs, lines.next(), signal), toError)
      if (done === true) break
      const batch = await run(where, async () => value.map((line) => read(parse(line))), toError)
      const rows = batch.filter((row) => row !== undefined)
      if (rows.length > 0) yield rows
    }
    running = false
  } catch (error) {
    if (signal?.aborted === true) {
      if (isOwn) throw connectionError(new Error("timeout"), where)
      throw new IngestError("ABORTED", `${where}: the query was stopped by its signal`, {
        cause: signal.reason,
      })
    }
    running = (error as IngestError).code === "TIMEOUT"
    throw error
  } finally {
    stop()
    // What nobody reads any more would hold the connection until the server has sent it all.
    result?.close()
    signal?.removeEventListener("abort", stop)
  }
}

/** Runs a request outside of any trace, and turns what it throws into an error that says what to do. */
function run<Result>(
  where: string,
  request: () => Promise<Result>,
  toError: typeof exceptionError,
): Promise<Result> {
  return withoutTracing(request).catch((error: unknown) => {
    throw error instanceof IngestError ? error : errorOf(error, where, toError)
  })
}

function errorOf(error: unknown, where: string, toError: typeof exceptionError): IngestError {
  const { code, type, message } = error as { code?: string; type?: string; message?: string }
  // The client's ClickHouseError has the exception's number as text, and its name.
  if (type !== undefined && /^\d+$/.test(code ?? "")) {
    return toError(Number(code), message ?? type, where, error)
  }
  const isDeadline = message === "The user aborted a request." || (error as Error).name === "AbortError"
  if (isDeadline) {
    return connectionError(new Error("timeout", { cause: error }), where)
  }
  return connectionError(error, where)
}

/** A server may send a byte now and then for ever: the socket's own timeout never sees that. */
function within<Result>(ms: number, work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), ms)
    const onAbort = () => reject(new Error("stopped", { cause: signal?.reason }))
    signal?.addEventListener("abort", onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
    })
  })
}

/** A server that has already answered 200 says what went wrong in the body. */
function throwIfException(body: string, header: string | string[] | undefined): void {
  const found = /Code: (\d+)\. DB::Exception/.exec(body)
  const code = Number(found?.[1] ?? header ?? 0)
  if (code === 0) return
  // Shaped like the client's own error, so that there is one way on from here.
  throw Object.assign(new Error(body.slice(0, 1000)), { code: String(code), type: "EXCEPTION" })
}

async function textOf(stream: Readable): Promise<string> {
  let text = ""
  try {
    for await (const chunk of stream) if (text.length < 100_000) text += String(chunk)
  } catch (error) {
    // A server that fails half-way writes why and then breaks the connection off: the former says more.
    throwIfException(text, undefined)
    throw error
  }
  return text
}

interface Line {
  readonly text: string
  json(): unknown
}

function parse(line: Line): unknown {
  try {
    return line.json()
  } catch (error) {
    throwIfException(line.text, undefined)
    throw new Error("the answer is not what ClickHouse sends", { cause: error })
  }
}
