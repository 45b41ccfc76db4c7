// Who may read: the name in `Host`, the page that asks, and the token.
//
// A page from anywhere can make a browser ask 127.0.0.1, and by DNS rebinding even under a name of its own. So this
// answers only to its own names, and only to pages that it served itself; programs send no `Origin` and are let in.
import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import type { LocalConfig } from "../options.ts"
import { LocalError } from "../local-error.ts"

/** Throws unless this may have what it asks for: data, or the viewer's page and its files, which hold none. */
export type Guard = (headers: IncomingHttpHeaders, what: "data" | "page") => void

export function createGuard(
  config: Pick<LocalConfig, "host" | "loopback" | "allowedHosts" | "token">,
): Guard {
  const names = new Set([...config.allowedHosts, config.host.toLowerCase()])
  if (config.loopback) for (const name of ["localhost", "127.0.0.1", "::1"]) names.add(name)
  // Behind an address for all, the names are not known; there the token decides.
  const anyHost = !config.loopback && config.allowedHosts.length === 0
  const expected = config.token === undefined ? undefined : digest(config.token)

  return (headers, what) => {
    const { host = "", origin, authorization } = headers
    if (!anyHost && !names.has(nameOf(host))) {
      throw forbidden(`this ClickStack is not called ${JSON.stringify(host.slice(0, 200))}`)
    }
    // A page's request to where it came from has its own host as origin, or, for GET, no origin at all.
    if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
      throw forbidden("pages from elsewhere may not read this ClickStack")
    }
    const site = headers["sec-fetch-site"]
    const own = site === undefined || site === "same-origin" || site === "none"
    if (!own && !(what === "page" && isLink(headers))) {
      throw forbidden("pages from elsewhere may not read this ClickStack")
    }
    if (expected === undefined || what === "page") return
    const given = authorization?.replace(/^bearer +/i, "")
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new LocalError(
        "UNAUTHENTICATED",
        "send the token in the header authorization, with or without Bearer",
      )
    }
  }
}

/** Somebody follows a link: the browser shows what it leads to in a tab, and tells the page it stands on nothing. */
const isLink = (headers: IncomingHttpHeaders): boolean =>
  headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"

const forbidden = (message: string) => new LocalError("FORBIDDEN", message)

// Digests have one length, and comparing them says nothing about the token.
const digest = (token: string): Buffer => createHash("sha256").update(token).digest()

/** `localhost:4319` and `[::1]:4319` without the port and the brackets. */
const nameOf = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined
