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
  close(): Promise<void>
}

export interface RunningSource extends Source {
  /** The text of server-sent events, from now on. */
  stream(path: string, search: URLSearchParams, signal: AbortSignal): Promise<AsyncIterable<string>>
}

export const sourceOptions: readonly Option[] = [
  { name: "dir", value: "PATH", help: "whose data (default .clickstack)" },
  { name: "url", value: "URL", help: "ask the ClickStack at this address, such as http://127.0.0.1:4319" },
]

const usualUrl = "http://127.0.0.1:4319"

/** One that runs; undefined where none does. */
export async function findRunning(args: Arguments, terminal: Terminal): Promise<RunningSource | undefined> {
  const url = args.text("url") ?? (await findHolder(directoryOf(args)))?.url
  if (url !== undefined) return remote(addressOf(url), terminal)
  if (args.text("dir") === undefined && (await answers(usualUrl))) return remote(usualUrl, terminal)
  return undefined
}

export async function openSource(args: Arguments, terminal: Terminal): Promise<Source> {
  const running = await findRunning(args, terminal)
  if (running !== undefined) return running
  const stored = await openStored(directoryOf(args))
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

function remote(base: string, { env }: Terminal): RunningSource {
  const token = env["CLICKSTACK_LOCAL_TOKEN"]
  const headers = token ? { authorization: token } : {}
  const { origin } = new URL(base)
  const unreached = (cause: unknown) =>
    new LocalError(
      "NOT_RUNNING",
      isUntrusted(cause)
        ? `the certificate of ${origin} is not known here: name its file in NODE_EXTRA_CA_CERTS`
        : `no clickstack answers at ${origin}; start it with "clickstack", or name another with --url`,
      { cause },
    )
  const refused = (status: number, text: string) => {
    if (status !== 401) return new LocalError("BAD_REQUEST", errorOf(text) ?? notOurs(origin, status))
    const what = token ? "refuses the token in CLICKSTACK_LOCAL_TOKEN" : "asks for a token"
    return new LocalError(
      "UNAUTHENTICATED",
      `${origin} ${what}: set CLICKSTACK_LOCAL_TOKEN to the one it was started with`,
    )
  }
  return {
    async get<Answer>(path: string, search: URLSearchParams) {
      const url = new URL(`${path}?${search.toString()}`, base)
      const response = await fetch(url, { headers, redirect: "error" }).catch((cause: unknown) => {
        throw unreached(cause)
      })
      const text = await response.text()
      const isJson = response.headers.get("content-type")?.startsWith("application/json") === true
      if (!response.ok || !isJson) throw refused(response.status, text)
      return JSON.parse(text) as Answer
    },
    async stream(path, search, signal) {
      const url = new URL(`${path}?${search.toString()}`, base)
      const response = await open(url, headers, signal).catch((cause: unknown) => {
        throw signal.aborted ? cause : unreached(cause)
      })
      response.setEncoding("utf8")
      if (response.statusCode !== 200)
        throw refused(response.statusCode ?? 0, (await response.toArray()).join(""))
      if (!response.headers["content-type"]?.startsWith("text/event-stream")) {
        response.destroy()
        throw refused(response.statusCode, "")
      }
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

const directoryOf = (args: Arguments): string => resolve(args.text("dir") ?? ".clickstack")

function addressOf(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new LocalError(
    "BAD_OPTION",
    `--url must be an address such as ${usualUrl}, not ${JSON.stringify(url)}`,
  )
}

const notOurs = (origin: string, status: number): string =>
  `${origin} answered ${status}${status === 200 ? ", but is no clickstack" : ""}: give the address that clickstack prints beside "Viewer", such as ${usualUrl}`

/** Of fetch's errors the cause has the code. */
function isUntrusted(error: unknown): boolean {
  const { code = "", cause } = error as NodeJS.ErrnoException & { cause?: unknown }
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code) || (cause instanceof Error && isUntrusted(cause))
}

function errorOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string }).error
  } catch {
    return undefined
  }
}
