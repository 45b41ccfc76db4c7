// Sends OTLP bodies over HTTP: connections kept alive, a deadline for the whole exchange, and every answer told as
// what it means: taken, to be tried again (and when), or refused.
import type { OutgoingHttpHeaders } from "node:http"
import { type Authorization, keyOrError } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import { compressor } from "./compress.ts"
import type { ConnectionConfig } from "./config.ts"
import { connectionError } from "./connection-error.ts"
import { unauthorizedPause } from "./delivery/outcome.ts"
import { letProcessEnd } from "./let-process-end.ts"
import { largestAnswer } from "./otlp/export-response.ts"
import { parseRetryAfter } from "./retry-after.ts"
import { tlsFiles } from "./tls-files.ts"

/** Sends one encoded request and answers the encoded response; rejects with a ClickstackError. */
export interface Transport {
  /** @param encoding Of the body, if it is not the protocol's. */
  send(body: Uint8Array, encoding?: "protobuf"): Promise<Uint8Array>
  /** Ends the requests that are under way. */
  abort(): void
  close(): void
}

// Not by an import, which would have them instrumented in an app that does not use them itself.
const http = process.getBuiltinModule("node:http")
const https = process.getBuiltinModule("node:https")

const protobufType = "application/x-protobuf"
const retryable = new Set([429, 502, 503, 504]) // OTLP's list

export function createHttpTransport(connection: ConnectionConfig, authorization: Authorization): Transport {
  const url = new URL(connection.endpoint)
  const secure = url.protocol === "https:"
  const { request, Agent } = secure ? https : http
  const createAgent = () =>
    new Agent({
      keepAlive: true,
      // Servers close idle sockets after 5 s and more; ours go first, or a request races the server's end.
      timeout: 4000,
      ...(secure ? tlsFiles(connection) : {}),
    })
  let agent: ReturnType<typeof createAgent> | undefined
  const compress = compressor(connection.compression)
  const fixed: Record<string, string> = {
    "user-agent": "clickstack-node",
    "content-type": connection.protocol === "http/json" ? "application/json" : protobufType,
    ...(compress === undefined ? {} : { "content-encoding": connection.compression }),
    ...(url.username === "" ? {} : { authorization: basicAuthorization(url) }),
  }
  url.username = url.password = ""

  let aborts = 0

  async function send(body: Uint8Array, encoding?: "protobuf"): Promise<Uint8Array> {
    const before = aborts
    const [content, key] = await Promise.all([
      compress === undefined ? body : compress(body),
      connection.sendsApiKey ? keyOrError(authorization) : undefined,
    ])
    // A request that begins now would keep the process alive, and nobody waits for it.
    if (aborts > before) throw new ClickstackError("TIMEOUT", "it was given up", { retryable: true })
    const headers = {
      ...fixed,
      ...(encoding === undefined ? {} : { "content-type": protobufType }),
      ...(key === undefined ? {} : { authorization: key }),
      ...connection.headers,
    }
    return exchange({ ...headers, "content-length": content.byteLength }, content)
  }

  function exchange(headers: OutgoingHttpHeaders, content: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      agent ??= createAgent()
      const sending = request(url, { method: "POST", agent, headers })
      const fail = (error: unknown) => {
        clearTimeout(deadline)
        sending.destroy()
        if (error instanceof ClickstackError) return reject(error)
        if (secure) agent = undefined // the next one reads the files again, which may have been renewed
        reject(connectionError(error))
      }
      const deadline = setTimeout(
        fail,
        connection.timeout,
        new ClickstackError("TIMEOUT", `no answer within ${connection.timeout} ms`, {
          retryable: true,
        }),
      ).unref()
      sending.on("error", fail)
      sending.on("socket", (socket) => sending.once("close", letProcessEnd(socket)))
      sending.on("response", (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on("error", fail)
        response.on("data", (chunk: Buffer) => {
          size += chunk.length
          if (size > largestAnswer)
            fail(new ClickstackError("DELIVERY_FAILED", `an answer of more than 4 MiB`))
          else chunks.push(chunk)
        })
        response.on("end", () => {
          clearTimeout(deadline)
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve(Buffer.concat(chunks))
          else reject(statusError(status, response.headers["retry-after"], connection))
        })
      })
      sending.end(content)
    })
  }

  const abort = () => {
    aborts++
    agent?.destroy()
  }

  return { send, abort, close: () => agent?.destroy() }
}

function basicAuthorization({ username, password }: URL): string {
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(credentials).toString("base64")}`
}

function statusError(
  status: number,
  retryAfter: string | undefined,
  connection: ConnectionConfig,
): ClickstackError {
  if (status === 401 || status === 403) {
    const hint = connection.sendsApiKey
      ? "the API key is refused; most often a Bearer too many or too few: see apiKey and apiKeyScheme"
      : "headers for this signal's endpoint are missing; the API key goes to the base endpoint alone"
    return new ClickstackError("DELIVERY_FAILED", `it answered ${status}: ${hint}`, {
      retryable: true,
      retryAfter: unauthorizedPause,
      unauthorized: true,
    })
  }
  const hint =
    status === 404 || status === 405
      ? ": is it the address of an OTLP collector?"
      : status === 413
        ? ": the batch is too large"
        : ""
  return new ClickstackError("DELIVERY_FAILED", `it answered ${status}${hint}`, {
    retryable: retryable.has(status),
    tooLarge: status === 413,
    retryAfter: retryable.has(status) ? parseRetryAfter(retryAfter) : undefined,
  })
}
