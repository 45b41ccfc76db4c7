// SQL for the person at the keyboard: one process holds the data, so `clickstack sql` asks it through a Unix socket that
// only this user can open. No browser reaches such a socket, and nothing of this is ever on a port.
import { chmodSync, existsSync, unlinkSync } from "node:fs"
import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { listen } from "./http/listen.ts"
import { jsonOf } from "./live.ts"
import { LocalError } from "./local-error.ts"

export interface SqlRequest {
  readonly sql: string
  readonly params?: Readonly<Record<string, unknown>>
}

type Row = Record<string, unknown>

/** The signal says that nobody waits for the answer any more. */
export type Run = (request: SqlRequest, signal: AbortSignal) => AsyncIterable<Row>

/** A line of an answer: as many rows as there are, then its end, or what went wrong. */
interface Line {
  row?: Row
  error?: string
  end?: true
}

const longestSql = 1024 * 1024

export async function startSqlSocket(path: string, run: Run): Promise<{ close(): Promise<void> }> {
  // Left behind by a process that was killed: the data's lock, which we hold, says that it is gone. Not by rmSync: on
  // Node.js 20.20, after it removed a socket, the next import of a CommonJS package (grpc-js) came back empty.
  if (existsSync(path)) unlinkSync(path)
  const server = createServer((incoming, response) => void answer(incoming, response, run))
  await listen(server, { path }, "socket")
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(incoming: IncomingMessage, response: ServerResponse, run: Run): Promise<void> {
  const left = new AbortController()
  response.once("close", () => left.abort())
  await pipeline(Readable.from(linesOf(incoming, run, left.signal)), response).catch(() => {})
}

// Row by row: all of a result may be more than the process that holds the data has room for.
async function* linesOf(incoming: IncomingMessage, run: Run, left: AbortSignal): AsyncGenerator<string> {
  const line = (value: Line) => `${jsonOf(value)}\n`
  try {
    for await (const row of run(await readRequest(incoming), left)) yield line({ row })
    yield line({ end: true })
  } catch (error) {
    yield line({ error: (error as Error).message })
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SqlRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longestSql) throw new LocalError("BAD_REQUEST", "the statement is longer than 1 MiB")
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as SqlRequest
}

/** Asks the process behind the socket. */
export function askSocket(path: string, asked: SqlRequest, signal?: AbortSignal): Promise<Row[]> {
  const away = (reason: string, cause?: Error) =>
    new LocalError("NOT_RUNNING", `no clickstack answers at ${path}: ${reason}; start it with "clickstack"`, {
      cause,
    })
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, method: "POST", path: "/", signal }, (response) => {
      const rows: Row[] = []
      response.on("error", (cause) => reject(away(cause.message, cause)))
      createInterface({ input: response, crlfDelay: Infinity })
        .on("line", (text) => {
          const { row, error, end } = lineOf(text)
          if (row !== undefined) rows.push(row)
          else if (error !== undefined) reject(new LocalError("BAD_REQUEST", error))
          else if (end === true) resolve(rows)
        })
        // Too late for an answer that had its end.
        .on("close", () => reject(away("it ended in the middle of its answer")))
    })
    outgoing.on("error", (cause) => reject(away(cause.message, cause)))
    outgoing.end(jsonOf(asked))
  })
}

/** Nothing for what was cut off. */
function lineOf(text: string): Line {
  try {
    return JSON.parse(text) as Line
  } catch {
    return {}
  }
}
