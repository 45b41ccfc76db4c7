// Which directory the batches of a service, an endpoint and a signal have: a hash, since a service's name may hold
// anything, and without credentials.
import { createHash } from "node:crypto"
import { join } from "node:path"
import { printableUrl, tryParseUrl } from "../url.ts"

export function spoolDirectory(root: string, service: string, endpoint: string, signal: string): string {
  const where = tryParseUrl(endpoint) === undefined ? endpoint : printableUrl(endpoint)
  const key = createHash("sha256").update(JSON.stringify([service, where, signal]))
  return join(root, "spool", key.digest("hex").slice(0, 32))
}
