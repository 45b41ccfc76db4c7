// Where the reading commands read: a running ClickStack, found by its directory or named by its URL, or else the data
// in the directory itself. Both answer the same paths.
import http, { type IncomingMessage } from "node:http"
import https from "node:https"
import { resolve } from "node:path"
import { findHolder } from "../data-directory.ts"
import { answerRoute } from "../http/routes.ts"
import { LocalError } from "../local-error.ts"
import { openStored } from "../open-stored.ts"
import { createReader } from "../read/reader.ts"
import type { Arguments, Option } from "./arguments.ts"
import type { Terminal } from "./terminal.ts"

export interface Source {
  get<Answer>(path: string, search: URLSearchParams): Promise<Answer>
  /** The text of server-sent events, from now on; undefined where nothing runs. */
  stream?(path: string, search: URLSearchParams, signal: AbortSignal): Promise<AsyncIterable<string>>
  close(): Promise<void>
}

export const sourceOptions: readonly Option[] = [
  { name: "dir", value: "PATH", help: "whose data (default .clickstack)" },
  { name: "url", value: "URL", help: "ask the ClickStack at this address, such as http://127.0.0.1:4319" },
]

const usualUrl = "http://127.0.0.1:4319"

export async function openSource(args: Arguments, terminal: Terminal): Promise<Source> {
  const token = terminal.env["CLICKSTACK_LOCAL_TOKEN"]
  const dir = resolve(args.text("dir") ?? ".clickstack")
  const url = args.text("url") ?? (await findHolder(dir))?.url
  if (url !== undefined) return remote(url, token)
  if (args.text("dir") === undefined && (await answers(usualUrl))) return remote(usualUrl, token)
  const stored = await openStored(dir)
  const reader = createReader((sql, params) => stored.ingest.query(sql, params))
  return {
    get: async <Answer>(path: string, search: URLSearchParams) =>
      (await answerRoute(reader, new URL(`${path}?${search.toString()}`, usualUrl))) as Answer,
    close: stored.close,
  }
}

/** Whether a ClickStack is there: its health, and not that of something else on the port. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/sessions?limit=1`, { signal: AbortSignal.timeout(1_000) })
    return response.headers.get("content-security-policy")?.startsWith("default-src") === true
  } catch {
    return false
  }
}

function remote(base: string, token: string | undefined): Source {
  const headers = token ? { authorization: token } : {}
  const unreached = (cause: unknown) =>
    new LocalError(
      "NOT_RUNNING",
      `no clickstack answers at ${new URL(base).origin}; start it with "clickstack"`,
      { cause },
    )
  const refused = (status: number, text: string) =>
    new LocalError("BAD_REQUEST", errorOf(text) ?? `${base} answered ${status}`)
  return {
    async get<Answer>(path: string, search: URLSearchParams) {
      const url = new URL(`${path}?${search.toString()}`, base)
      const response = await fetch(url, { headers, redirect: "error" }).catch((cause: unknown) => {
        throw unreached(cause)
      })
      if (!response.ok) throw refused(response.status, await response.text())
      return (await response.json()) as Answer
    },
    async stream(path, search, signal) {
      const url = new URL(`${path}?${search.toString()}`, base)
      const response = await open(url, headers, signal).catch((cause: unknown) => {
        throw signal.aborted ? cause : unreached(cause)
      })
      response.setEncoding("utf8")
      if (response.statusCode !== 200)
        throw refused(response.statusCode ?? 0, (await response.toArray()).join(""))
      return response
    },
    close: async () => {},
  }
}

/**
 * Not by fetch: when garbage is collected it ends bodies that nobody reads yet, and forgets signals, so that a stream
 * would miss what comes first, and go on after Ctrl-C.
 */
function open(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((answered, failed) => {
    const get = url.protocol === "https:" ? https.get : http.get
    get(url, { headers, signal }, answered).on("error", failed)
  })
}

function errorOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string }).error
  } catch {
    return undefined
  }
}
