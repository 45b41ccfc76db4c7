// One query: who asks, the statement and its data, the run, the answer. A fault can strike between any two steps.
import { setTimeout as sleep } from "node:timers/promises"
import { type Answer, ClientGone, createAnswer, type Heading } from "./answer.ts"
import { readBody, readForm } from "./body.ts"
import { authenticate, type User } from "./credentials.ts"
import type { Engine, Query, Result } from "./engine.ts"
import { ClickHouseException, toException } from "./exception.ts"
import {
  ConnectionReset,
  type Exchange,
  InjectedException,
  meetFault,
  strikeAfterRunning,
  strikeAtOnce,
  strikeBeforeRunning,
  strikeInside,
} from "./exchange.ts"
import type { Faults } from "./faults.ts"
import { type Parameters, readParameters } from "./parameters.ts"
import type { RequestKind } from "./request-log.ts"
import { parseStatement, type Statement } from "./statement.ts"

// Formats whose pieces, one per block of the result, make a whole when they are joined. chDB writes each piece as a
// document of its own, so one with a head or a tail would have it many times: those are answered in one piece.
const JOINABLE =
  /^(JSONEachRow|JSONLines|NDJSON|JSONCompactEachRow|JSONStringsEachRow|JSONCompactStringsEachRow|TabSeparated|TSV|TabSeparatedRaw|TSVRaw|TSKV|CSV|LineAsString|Native|RowBinary)$/

export interface QueryContext {
  readonly engine: Engine
  readonly users: readonly User[]
  /** The database of a request that names none. */
  readonly database: string
  readonly faults: Faults
  /** The ids of the queries that are running. */
  readonly running: Set<string>
}

export async function serveQuery(exchange: Exchange, context: QueryContext): Promise<void> {
  const { request, response, url, recorded, counts } = exchange
  const { engine, users, faults } = context
  const heading: Heading = {
    queryId: url.searchParams.get("query_id") ?? "",
    format: "TabSeparated",
    timezone: engine.timezone,
    displayName: engine.displayName,
    version: engine.version,
    compress: false,
    waitEnd: false,
    drip: undefined,
  }
  recorded.kind = "query"
  const answer = createAnswer(request, response, heading, counts)
  try {
    // With the statement in the URL, faults can strike before the body is read.
    const inUrl = url.searchParams.get("query") ?? ""
    if (inUrl !== "" && meetFault(exchange, faults, kindOf(inUrl), inUrl)) await strikeAtOnce(exchange)

    const user = authenticate(users, request.headers, url.searchParams)
    const { text, parameters } = await readText(exchange)
    recorded.queryId = heading.queryId = parameters.queryId
    heading.compress = parameters.compress
    heading.waitEnd = parameters.waitEnd

    const sql = text.toString("latin1")
    const statement = parseStatement(sql)
    const head = statement.kind === "insert" ? sql.slice(0, statement.dataAt) : sql
    recorded.kind = kindOf(head)
    recorded.sql = utf8(head).trim().slice(0, 10_000)
    if (meetFault(exchange, faults, recorded.kind, recorded.sql)) await strikeAtOnce(exchange)
    strikeBeforeRunning(exchange)
    const fault = exchange.fault?.fault
    if (fault !== undefined && "drip" in fault) heading.drip = fault.drip

    const format = (statement.kind === "insert" ? undefined : statement.format) ?? parameters.defaultFormat
    heading.format = format
    const readonly = user.readonly ? 1 : request.method === "POST" ? 0 : 2
    const database = parameters.database ?? context.database
    const query: Query = {
      ...parameters,
      id: parameters.queryId,
      sql: text.toString("utf8"),
      format,
      database,
      readonly,
    }
    await runAlone(exchange, context, statement, query, parameters, text, answer)
    await strikeAfterRunning(exchange, answer)
    await answer.end()
  } catch (error) {
    if (error instanceof ClientGone || error instanceof ConnectionReset || response.destroyed) throw error
    const exception = withHint(toException(error), request.method)
    recorded.exception = exception.code
    // The rest of a body that nobody reads would keep the connection busy.
    request.resume()
    await answer.fail(exception, exception instanceof InjectedException ? exception.statusAsked : undefined)
  }
}

/** The whole text (the statement, and data after it) and the parameters; a form carries some of them. */
async function readText(exchange: Exchange): Promise<{ text: Buffer; parameters: Parameters }> {
  const { request, url, recorded } = exchange
  let body = await readBody(request, (piece) => {
    recorded.bytes += piece.length
    strikeInside(exchange)
  })
  const fields = new URLSearchParams(url.searchParams)
  const type = request.headers["content-type"] ?? ""
  if (type.startsWith("multipart/form-data")) {
    for (const [name, value] of await readForm(type, body)) fields.append(name, value)
    body = Buffer.alloc(0)
  }
  // A server joins the statement in the URL and the body by a line break.
  const query = fields.get("query") ?? ""
  const text =
    query === "" ? body : Buffer.concat([Buffer.from(body.length > 0 ? `${query}\n` : query), body])
  return { text, parameters: readParameters(fields, request.headers) }
}

/** Runs the statement into the answer, unless its id is in use. A reading query ends when its client goes away. */
async function runAlone(
  exchange: Exchange,
  { engine, running }: QueryContext,
  statement: Statement,
  query: Query,
  parameters: Parameters,
  text: Buffer,
  answer: Answer,
): Promise<void> {
  const { response } = exchange
  if (running.has(query.id))
    throw new ClickHouseException(216, `Query with id = ${query.id} is already running.`)
  const onClose = () => {
    if (statement.kind === "select") void cancel(engine, query.id, running)
  }
  running.add(query.id)
  response.on("close", onClose)
  try {
    if (isStreamed(statement, query, parameters)) await stream(exchange, engine, query, answer)
    else await runWhole(exchange, engine, statement, query, text, answer)
  } finally {
    response.off("close", onClose)
    running.delete(query.id)
  }
}

/** Again and again, since a query that is only just starting cannot be found yet. */
async function cancel(engine: Engine, id: string, running: ReadonlySet<string>): Promise<void> {
  for (; running.has(id); await sleep(20)) await engine.cancel(id)
}

function isStreamed(statement: Statement, query: Query, { waitEnd, settings }: Parameters): boolean {
  if (statement.kind !== "select" || !statement.isRowsAlone || waitEnd) return false
  const ofTheEnd = settings.some(
    ([name]) => name === "extremes" || name === "output_format_json_array_of_rows",
  )
  return JOINABLE.test(query.format) && !ofTheEnd
}

async function stream({ counts }: Exchange, engine: Engine, query: Query, answer: Answer): Promise<void> {
  for await (const { bytes, rows } of engine.stream(query)) {
    counts.readRows += rows
    counts.readBytes += bytes.length
    counts.resultRows += rows
    counts.resultBytes += bytes.length
    await answer.write(bytes)
  }
}

async function runWhole(
  { counts, recorded }: Exchange,
  engine: Engine,
  statement: Statement,
  query: Query,
  text: Buffer,
  answer: Answer,
): Promise<void> {
  const result = await runStatement(engine, statement, query, text)
  Object.assign(counts, result.counts)
  recorded.writtenRows = result.counts.writtenRows
  await answer.write(result.bytes)
}

function runStatement(engine: Engine, statement: Statement, query: Query, text: Buffer): Promise<Result> {
  switch (statement.kind) {
    case "insert": {
      const { target, settings, format, dataAt } = statement
      // On lines of their own: the target may end with a comment.
      const sql = (path: string) =>
        `${utf8(target)}\nFROM INFILE ${path}\n${utf8(settings)}\nFORMAT ${format}`
      return engine.insert(query, sql, text.subarray(dataAt))
    }
    case "write":
      return engine.write(query)
    case "kill":
      return engine.kill(query, statement.where, statement.mode)
    default:
      return engine.run(query)
  }
}

function withHint(exception: ClickHouseException, method: string | undefined): ClickHouseException {
  if (exception.code !== 164 || method === "POST" || exception instanceof InjectedException) return exception
  return new ClickHouseException(164, `${exception.message} Over HTTP, GET is read-only: use POST to write.`)
}

const COMMENTS = String.raw`(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*`
const INSERT = new RegExp(`^${COMMENTS}INSERT\\b`, "i")

const kindOf = (sql: string): RequestKind => (INSERT.test(sql) ? "insert" : "query")

const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8")
