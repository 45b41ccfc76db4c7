// What stands between everything that is recorded and everything that is kept: made once of the configuration, called
// for each attribute. Under a secret's key every text is hidden, in every other text what is certainly a secret.
import type { Redact } from "../delivery/plain-value.ts"
import type { RedactConfig } from "../privacy-config.ts"
import { hidden, hideTexts } from "./hide-texts.ts"
import { createScanText } from "./scan-text.ts"
import { createSecretKeys } from "./secret-keys.ts"

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
  const value: Redact = (key, given) => {
    if (typeof given === "string") {
      if (key !== undefined && isSecretKey(key)) return given === "" ? given : hidden
      return text(given)
    }
    if (typeof given !== "object" || given === null || key === undefined || !isSecretKey(key)) return given
    return hideTexts(given)
  }
  if (decide === undefined) return { value, text }
  return {
    text,
    value: (key, given) => {
      const decided = decide(key, given)
      return decided === undefined ? value(key, given) : decided
    },
  }
}
