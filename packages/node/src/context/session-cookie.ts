// Where ClickStack's browser SDK keeps the id of a session: in the cookie `__rum_sid`, as URI-encoded JSON such as
// {"id":"0af7651916cd43dd8448eb211c80319c","startTime":1795000000000}.
import { isSessionId } from "./local-trace.ts"

const cookieName = "__rum_sid="
const maxCookies = 32_768 // characters; servers take 16 KB of headers unless told otherwise
const maxCookie = 1024

export function sessionFromCookies(cookies: unknown): string | undefined {
  if (typeof cookies !== "string" || cookies.length > maxCookies) return undefined
  for (let at = cookies.indexOf(cookieName); at !== -1; at = cookies.indexOf(cookieName, at + 1)) {
    if (at > 0 && cookies[at - 1] !== ";" && cookies[at - 1] !== " ") continue // the end of another name
    const end = cookies.indexOf(";", at)
    return sessionFromCookie(cookies.slice(at + cookieName.length, end === -1 ? undefined : end).trim())
  }
  return undefined
}

function sessionFromCookie(value: string): string | undefined {
  if (value.length > maxCookie) return undefined
  try {
    const { id } = JSON.parse(decodeURIComponent(value)) as { id?: unknown }
    return isSessionId(id) ? id : undefined
  } catch {
    return undefined // not ours, or cut
  }
}
