// Asks the API that this page was served with; the same that tests and scripts ask.

const unanswered = "ClickStack does not answer; if it has ended, start it again"

export class ApiError extends Error {
  /** 0 when there was no answer. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const tokenName = "clickstack-token"

/** Kept as long as the tab is open. */
export const rememberToken = (token: string): void => sessionStorage.setItem(tokenName, token)

async function ask(path: string, search: URLSearchParams, signal: AbortSignal): Promise<Response> {
  const token = sessionStorage.getItem(tokenName)
  const headers: Record<string, string> = token === null ? {} : { authorization: token }
  const response = await fetch(`${path}?${search.toString()}`, { signal, headers }).catch(
    (error: unknown) => {
      throw signal.aborted ? error : new ApiError(0, unanswered)
    },
  )
  if (response.ok) return response
  const { error } = (await response.json().catch(() => ({}))) as { error?: string }
  throw new ApiError(response.status, error ?? `ClickStack answered ${response.status}`)
}

export async function get<Answer>(
  path: string,
  search: URLSearchParams,
  signal: AbortSignal,
): Promise<Answer> {
  return (await (await ask(path, search, signal)).json()) as Answer
}

export interface LiveEvent {
  readonly name: string
  readonly data: string
}

/** Server-sent events. Not by EventSource, which cannot show a token. */
export async function* live(search: URLSearchParams, signal: AbortSignal): AsyncGenerator<LiveEvent> {
  const { body } = await ask("/api/live", search, signal)
  if (body === null) return
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n")
      text = text.slice(end + 2)
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ""
      yield { name: field("event"), data: field("data") }
    }
  }
}

const known = new Map<string, { at: number; names: Promise<string[]> }>()

/** The services to choose from; asked for anew after half a minute. */
export function serviceNames(search: URLSearchParams): Promise<string[]> {
  const query = new URLSearchParams({ from: search.get("from") ?? "1h" })
  const key = query.toString()
  const found = known.get(key)
  if (found !== undefined && Date.now() - found.at < 30_000) return found.names
  // Without the signal of who asks first: who asks next waits for the same answer.
  const never = new AbortController().signal
  const names = get<{ services: { name: string }[] }>("/api/services", query, never).then(({ services }) =>
    services.map(({ name }) => name),
  )
  known.set(key, { at: Date.now(), names })
  names.catch(() => known.delete(key))
  return names
}
