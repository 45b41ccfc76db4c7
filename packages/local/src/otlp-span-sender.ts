// Sends the span log's spans to an OTLP/HTTP endpoint, as JSON. The stock exporters would do, but they refuse the API
// that this package has (1.10), and these spans have nothing but texts to encode.
import type { SpanLogOptions } from "@clickstack/ingest"

type Exporter = SpanLogOptions["to"]

/** What is read of a span of the span log's. */
interface Span {
  readonly name: string
  readonly kind: number
  spanContext(): { traceId: string; spanId: string; traceState?: { serialize(): string } }
  readonly parentSpanContext?: { readonly spanId: string }
  readonly startTime: readonly [number, number]
  readonly endTime: readonly [number, number]
  readonly status: { readonly code: number; readonly message?: string }
  readonly attributes: Texts
  readonly resource: { readonly attributes: Texts }
  readonly instrumentationScope: { readonly name: string }
}

type Texts = Readonly<Record<string, string>>

export interface OtlpEndpoint {
  /** With or without `/v1/traces`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

export function otlpSpanSender({ url, headers, timeoutMs = 10_000 }: OtlpEndpoint): Exporter {
  const target = /\/v1\/traces\/?$/.test(url) ? url : `${url.replace(/\/+$/, "")}/v1/traces`
  return {
    export(spans: readonly Span[], done) {
      send(target, headers, timeoutMs, spans).then(
        (rejected) => done({ code: 0, rejected }),
        (error: Error) => done({ code: 1, error }),
      )
    },
  }
}

/** Resolves to how many were rejected. */
async function send(
  url: string,
  headers: OtlpEndpoint["headers"],
  timeoutMs: number,
  spans: readonly Span[],
): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(requestOf(spans)),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: "error",
  }).catch((error: unknown) => {
    const { message, cause } = error as Error
    throw Object.assign(new Error(`${url}: ${(cause as Error | undefined)?.message ?? message}`), {
      retryable: true,
    })
  })
  const text = await response.text()
  if (response.ok) return rejectedIn(text)
  // 401 and 403 too: a corrected key saves them.
  const retryable = response.status >= 500 || [401, 403, 404, 408, 429].includes(response.status)
  throw Object.assign(new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`), { retryable })
}

function rejectedIn(answer: string): number {
  try {
    return Number(JSON.parse(answer)?.partialSuccess?.rejectedSpans ?? 0)
  } catch {
    return 0
  }
}

function requestOf(spans: readonly Span[]) {
  const byResource = new Map<Span["resource"], Span[]>()
  for (const span of spans) {
    const same = byResource.get(span.resource)
    if (same === undefined) byResource.set(span.resource, [span])
    else same.push(span)
  }
  return {
    resourceSpans: [...byResource].map(([resource, of]) => ({
      resource: { attributes: attributesOf(resource.attributes) },
      scopeSpans: [{ scope: { name: of[0]?.instrumentationScope.name }, spans: of.map(spanOf) }],
    })),
  }
}

function spanOf(span: Span) {
  const { traceId, spanId, traceState } = span.spanContext()
  return {
    traceId,
    spanId,
    traceState: traceState?.serialize(),
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: span.kind + 1, // OTLP's numbers begin with "unspecified"
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributesOf(span.attributes),
    status: span.status,
  }
}

const nanos = ([seconds, nanoseconds]: readonly [number, number]): string =>
  `${seconds}${String(nanoseconds).padStart(9, "0")}`

const attributesOf = (texts: Texts) =>
  Object.entries(texts).map(([key, stringValue]) => ({ key, value: { stringValue } }))
