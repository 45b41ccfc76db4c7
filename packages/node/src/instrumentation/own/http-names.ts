// What a request is called and what of its address may be told: low-cardinality names, no credentials.

const knownMethods = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "QUERY",
])

export const isKnownMethod = (method: string): boolean => knownMethods.has(method)

export interface Authority {
  readonly address: string
  readonly port: number | undefined
}

const mostKept = 200
const kept = new Map<string, Authority>()

/** Of a Host header or its like: "shop.example:8443", "[::1]:80". Kept, since a server has few names. */
export function parseAuthority(host: string): Authority {
  let authority = kept.get(host)
  if (authority === undefined) {
    const [, address = host, port] = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host) ?? []
    authority = {
      address: address.replace(/^\[|\]$/g, ""),
      port: port === undefined ? undefined : Number(port),
    }
    if (kept.size >= mostKept) kept.clear() // whoever asks may write anything into it
    kept.set(host, authority)
  }
  return authority
}

/** Signatures of signed URLs: who has the URL may do what it says. */
const signature =
  /([?&](?:x-amz-signature|x-amz-credential|x-amz-security-token|awsaccesskeyid|signature|sig|x-goog-signature)=)[^&#]*/gi

/** @param query With its question mark. */
export const withoutSignatures = (query: string): string =>
  query.includes("=") ? query.replace(signature, "$1[REDACTED]") : query

/** The credentials before the host of an absolute URL. */
export const withoutCredentials = (url: string): string => url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, "$1")

/** Path and query of a request's target: `/a?b`, `*`, or, to a proxy, `http://host/a?b`. */
export function splitTarget(target: string): { path: string; query: string | undefined } {
  let start = 0
  if (target.charCodeAt(0) !== slash && target !== "*") {
    const host = target.indexOf("://")
    if (host >= 0) {
      start = target.indexOf("/", host + 3)
      if (start < 0) return { path: "/", query: undefined }
    }
  }
  const question = target.indexOf("?", start)
  if (question < 0) return { path: start === 0 ? target : target.slice(start), query: undefined }
  const query = target.length > question + 1 ? withoutSignatures(target.slice(question)).slice(1) : undefined
  return { path: target.slice(start, question), query }
}

const slash = 47

/** The attributes of a failure, as OpenTelemetry names them. */
export function errorType(error: unknown): string {
  const { code, name } = (typeof error === "object" && error !== null ? error : {}) as {
    code?: unknown
    name?: unknown
  }
  if (typeof code === "string" && code !== "") return code
  return typeof name === "string" && name !== "" ? name : "Error"
}
