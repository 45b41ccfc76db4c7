// SQL for the person at the keyboard: one process holds the data, so `clickstack sql` asks it through a Unix socket that
// only this user can open. No browser reaches such a socket, and nothing of this is ever on a port.
import { chmodSync, existsSync, unlinkSync } from "node:fs"
import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http"
import { listen } from "./http/listen.ts"
import { jsonOf } from "./live.ts"
import { LocalError } from "./local-error.ts"

export interface SqlRequest {
  readonly sql: string
  readonly params?: Readonly<Record<string, unknown>>
}

/** The signal says that nobody waits for the answer any more. */
export type Run = (request: SqlRequest, signal: AbortSignal) => Promise<Record<string, unknown>[]>

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
  try {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > longestSql) throw new LocalError("BAD_REQUEST", "the statement is longer than 1 MiB")
      chunks.push(chunk)
    }
    const rows = await run(JSON.parse(Buffer.concat(chunks).toString()) as SqlRequest, left.signal)
    response.end(jsonOf({ rows }))
  } catch (error) {
    response.statusCode = 400
    response.end(JSON.stringify({ error: (error as Error).message }))
  }
}

/** Asks the process behind the socket. */
export function askSocket(
  path: string,
  asked: SqlRequest,
  signal?: AbortSignal,
): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, method: "POST", path: "/", signal }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const answered = JSON.parse(Buffer.concat(chunks).toString()) as {
          rows?: Record<string, unknown>[]
          error?: string
        }
        if (answered.rows === undefined) reject(new LocalError("BAD_REQUEST", answered.error ?? "no answer"))
        else resolve(answered.rows)
      })
    })
    outgoing.on("error", (cause) =>
      reject(
        new LocalError(
          "NOT_RUNNING",
          `no clickstack answers at ${path}: ${cause.message}; start it with "clickstack"`,
          { cause },
        ),
      ),
    )
    outgoing.end(jsonOf(asked))
  })
}
