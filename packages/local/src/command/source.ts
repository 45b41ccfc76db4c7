// Where the reading commands read: a running ClickStack, found by its directory or named by its URL, or else the data
// in the directory itself. Both answer the same paths.
import { findHolder } from "../data-directory.ts"
import { answerRoute } from "../http/routes.ts"
import { LocalError } from "../local-error.ts"
import { openStored } from "../open-stored.ts"
import { createReader } from "../read/reader.ts"
import type { Arguments, Option } from "./arguments.ts"
import type { Terminal } from "./terminal.ts"
import { resolve } from "node:path"

export interface Source {
  get<Answer>(path: string, search: URLSearchParams): Promise<Answer>
  /** Server-sent events; undefined where nothing runs. */
  stream?(path: string, search: URLSearchParams, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
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
  const ask = async (path: string, search: URLSearchParams, signal?: AbortSignal) => {
    const response = await reach(new URL(`${path}?${search.toString()}`, base), token, signal)
    if (response.ok) return response
    const { error } = (await response.json().catch(() => ({}))) as { error?: string }
    throw new LocalError("BAD_REQUEST", error ?? `${base} answered ${response.status}`)
  }
  return {
    get: async <Answer>(path: string, search: URLSearchParams) =>
      (await (await ask(path, search)).json()) as Answer,
    async stream(path, search, signal) {
      const { body } = await ask(path, search, signal)
      if (body === null) throw new LocalError("NOT_RUNNING", `${base} answered nothing`)
      return body
    },
    close: async () => {},
  }
}

async function reach(
  url: URL,
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(url, {
      headers: token ? { authorization: token } : {},
      redirect: "error",
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (cause) {
    if (signal?.aborted === true) throw cause
    throw new LocalError(
      "NOT_RUNNING",
      `no clickstack answers at ${url.origin}; start it with "clickstack"`,
      { cause },
    )
  }
}
