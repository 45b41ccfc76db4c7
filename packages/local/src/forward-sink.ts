// The agent's role: every request goes on to another OTLP/HTTP endpoint as the bytes that came, and its sender hears
// what that endpoint answered. Nothing is kept here, so nothing can be lost here: who sent it keeps it until then.
import { type PartialSuccess, ReceiverError, type RequestContext } from "@clickstack/receiver"
import { rejectedOf } from "./partial-success.ts"

export interface ForwardTarget {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

// Less than the 10 s after which OpenTelemetry's senders give up: they are to hear of it.
const timeoutMs = 9_000

const retryable = new Set([429, 502, 503, 504])

/** Takes the requests of every signal. */
export function forwardTo(
  target: ForwardTarget,
): (request: RequestContext) => Promise<PartialSuccess | undefined> {
  const base = target.url.href.replace(/\/+$/, "")
  return async ({ signal, body, contentType }) => {
    const url = `${base}/v1/${signal}`
    const response = await send(url, body, { ...target.headers, "content-type": contentType })
    const answer = Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0)))
    if (response.ok) return rejectedOf(answer, response.headers.get("content-type") ?? contentType)
    throw refused(target.url.origin, response)
  }
}

async function send(url: string, body: Uint8Array, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers,
      body: body as Uint8Array<ArrayBuffer>,
      // A redirect would carry the key to wherever it points.
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (cause) {
    throw new ReceiverError("SINK_FAILED", `${new URL(url).origin} does not answer; try again later`, {
      cause,
      retryable: true,
      retryAfter: 1,
    })
  }
}

function refused(origin: string, response: Response): ReceiverError {
  const { status } = response
  const wait = Number(response.headers.get("retry-after"))
  // A wrong key here is for this agent's owner to mend: the senders' data is good.
  const keep = retryable.has(status) || status === 401 || status === 403
  const message = `${origin} answered ${status}${status === 401 || status === 403 ? "; check the key that is forwarded with (CLICKSTACK_FORWARD_KEY for the command)" : ""}`
  if (!keep) return new ReceiverError("REJECTED", message, { retryable: false })
  return new ReceiverError("SINK_FAILED", message, {
    retryable: true,
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : 1,
  })
}
