// Who may send: the token, the name in `Host`, and the page in `Origin`.
//
// A page from anywhere can make a browser send requests to 127.0.0.1, and by DNS rebinding even as its own origin.
// So a receiver on loopback answers only to names that mean loopback, and pages need to be allowed by name.
import { createHash, timingSafeEqual } from "node:crypto"
import type { ReceiverConfig } from "./options.ts"
import { ReceiverError } from "./receiver-error.ts"

export interface Access {
  host(header: string | undefined): void
  /** Whether a page of an allowed origin asks; throws for one that is not allowed. */
  origin(header: string | undefined): boolean
  token(header: string | undefined): void | Promise<void>
}

export function createAccess(config: ReceiverConfig): Access {
  const names = new Set([...config.allowedHosts, config.host.toLowerCase()])
  if (config.loopback) for (const name of ["localhost", "127.0.0.1", "::1"]) names.add(name)
  const anyHost = !config.loopback && config.allowedHosts.length === 0
  const anyOrigin = config.allowedOrigins.includes("*")
  const { auth } = config
  const accepts = typeof auth === "function" ? auth : auth && oneOf(auth)

  return {
    host(header) {
      if (anyHost || (header !== undefined && names.has(hostname(header)))) return
      throw new ReceiverError(
        "FORBIDDEN",
        `this receiver is not called ${JSON.stringify(header ?? "")}; add the name to allowedHosts if it is`,
      )
    },
    origin(header) {
      if (header === undefined) return false
      if (anyOrigin || config.allowedOrigins.includes(header.toLowerCase())) return true
      throw new ReceiverError(
        "FORBIDDEN",
        `pages of ${header} may not send to this receiver; add the origin to allowedOrigins if they may`,
      )
    },
    token(header) {
      if (accepts === undefined) return undefined
      const token = header?.replace(/^bearer +/i, "")
      if (token === undefined || token === "") {
        throw unauthenticated(
          "this receiver needs a token: send the header authorization, with or without Bearer",
        )
      }
      const verdict = accepts(token)
      if (verdict === true) return undefined
      if (verdict === false)
        throw unauthenticated("the token in the header authorization is not one of this receiver")
      return Promise.resolve(verdict).then((accepted) => {
        if (!accepted) throw unauthenticated("the token in the header authorization was refused")
      })
    },
  }
}

const unauthenticated = (message: string) => new ReceiverError("UNAUTHENTICATED", message)

/** `example.com:4318` and `[::1]:4318` without the port and the brackets. */
const hostname = (header: string): string =>
  header
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")

const digest = (token: string) => createHash("sha256").update(token).digest()

/** Compares digests, each of them every time: how long it takes says nothing about the tokens. */
function oneOf(tokens: readonly string[]): (token: string) => boolean {
  const digests = tokens.map(digest)
  return (token) => {
    const given = digest(token)
    return digests.filter((expected) => timingSafeEqual(expected, given)).length > 0
  }
}
