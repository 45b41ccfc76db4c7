// What stands between everything that is recorded and everything that is kept: made once of the configuration, called
// for each attribute. Under a secret's key every text is hidden, in every other text what is certainly a secret.
import type { Redact } from "../delivery/plain-value.ts"
import type { RedactConfig } from "../privacy-config.ts"
import { hidden, hideTexts } from "./hide-texts.ts"
import { remembered } from "../remembered.ts"
import { createScanText } from "./scan-text.ts"
import { createSecretKeys } from "./secret-keys.ts"

const secret = 1
const plain = 2
const repeated = 3
const any = 4

/** Apps ask a database the same again and again. */
const repeatedKeys = new Set(["db.query.text", "db.statement", "db.query.summary"])

/** What every span has and is no secret, as long as nobody else uses the key for what holds one. */
const plainKeys = new Set(
  `http.request.method http.method http.route http.status_text http.flavor url.scheme http.scheme
  network.protocol.name network.protocol.version network.transport network.type network.peer.address
  network.local.address net.peer.ip net.peer.name net.host.name server.address client.address error.type session.id
  db.system.name db.system db.operation.name db.namespace db.collection.name messaging.system messaging.operation.type
  rpc.system rpc.service rpc.method faas.trigger exception.type code.function.name log.iostream`.split(/\s+/),
)

const longestSimple = 128
const isSimple = (text: string) =>
  text.length <= longestSimple && text.indexOf("=") < 0 && text.indexOf('"') < 0 && text.indexOf("@") < 0

export interface Redaction {
  readonly value: Redact
  /** Of texts that are no attributes: names, status messages. */
  readonly text: (text: string) => string
}

/** undefined when it is off. */
export function createRedaction({ enabled, keys, patterns, decide }: RedactConfig): Redaction | undefined {
  if (!enabled) return undefined
  const isSecretKey = createSecretKeys(keys)
  const text = createScanText(isSecretKey, patterns)
  const often = remembered(text)
  const kindOf = remembered((key) => {
    if (isSecretKey(key)) return secret
    if (repeatedKeys.has(key)) return repeated
    return patterns.length === 0 && plainKeys.has(key) ? plain : any
  })
  const value: Redact = (key, given) => {
    if (typeof given === "string") {
      const kind = key === undefined ? any : kindOf(key)
      if (kind === secret) return given === "" ? given : hidden
      if (kind === plain && isSimple(given)) return given
      return kind === repeated ? often(given) : text(given)
    }
    if (typeof given !== "object" || given === null || key === undefined) return given
    return kindOf(key) === secret ? hideTexts(given) : given
  }
  // Names are few by their nature.
  if (decide === undefined) return { value, text: often }
  return {
    text: often,
    value: (key, given) => {
      const decided = decide(key, given)
      return decided === undefined ? value(key, given) : decided
    },
  }
}
