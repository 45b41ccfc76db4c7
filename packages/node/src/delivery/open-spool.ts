// The spool of a service, an endpoint and a signal. Its directory is a hash of these, since a service's name may hold
// anything, and without credentials; what is kept for one endpoint is never sent to another.
import { printableUrl, tryParseUrl } from "../endpoints.ts"
import { createSpool, type Spool, type SpoolOptions } from "./spool.ts"

const { createHash } = process.getBuiltinModule("node:crypto")
const { join } = process.getBuiltinModule("node:path")

export type OpenSpool = (on: Pick<SpoolOptions, "onDropped" | "onAdopted" | "onTrouble">) => Spool

interface SpoolPlace {
  /** Where spools are kept; undefined when none is wanted, or there is no place for one. */
  readonly root: string | undefined
  readonly service: string
  /** Undefined when the exporter does not tell it: then nobody could say whose data it is later. */
  readonly endpoint: string | undefined
  readonly signal: string
  /** What can be read back: by an exporter of objects only these, by one of ours for OTLP encoded requests, too. */
  readonly form: "objects" | "otlp"
  readonly maxBytes: number
  /** In seconds. */
  readonly maxAge: number
}

export function spoolAt({
  root,
  service,
  endpoint,
  signal,
  form,
  maxBytes,
  maxAge,
}: SpoolPlace): OpenSpool | undefined {
  if (root === undefined || endpoint === undefined) return undefined
  const where = tryParseUrl(endpoint) === undefined ? endpoint : printableUrl(endpoint)
  const key = createHash("sha256").update(JSON.stringify([service, where, signal, form]))
  const directory = join(root, "spool", key.digest("hex").slice(0, 32))
  return (on) => createSpool({ ...on, directory, maxBytes, maxAge: maxAge * 1000 })
}
