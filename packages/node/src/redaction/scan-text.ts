// Takes secrets out of any text: an attribute, a log's body, an error's message, a span's name. Nearly no text holds
// one, so what they all need is looked for first, in one pass.
import { hidden } from "./hide-texts.ts"
import { createHidePairs } from "./secret-pairs.ts"
import { capitalBegins, hasSmallBegin, smallBegins, tokenForms } from "./token-forms.ts"

// What a text has that a secret needs: a separator, or the beginning of something that is known. As regular expressions,
// because one costs 30 ns for 18 characters and 80 for 97, a loop over the character codes 40 and 210 (Node 20).
const rare = new RegExp(`earer |asic |--|eyJ|${capitalBegins}`)
const notable = new RegExp(`[=:%]|${rare.source}|${smallBegins}`)
const shortest = 5

/** @param patterns With the flag `g`. */
export function createScanText(
  isSecretKey: (name: string) => boolean,
  patterns: readonly RegExp[],
): (text: string) => string {
  const hidePairs = createHidePairs(isSecretKey)

  const rules = (text: string) => (text.length < shortest || !notable.test(text) ? text : hide(text))

  function hide(given: string): string {
    let text = rare.test(given) || hasSmallBegin(given) ? hideRare(given) : given
    if (text.indexOf("@") >= 0 && text.includes("://")) text = hideUserinfo(text)
    return hidePairs(text)
  }

  function hideRare(given: string): string {
    let text = given.replace(scheme, withoutCredentials)
    if (text.includes("--")) text = hideKeysAndFlags(text)
    if (text.includes("eyJ")) text = hideTokens(text)
    return text.replace(tokenForms, hidden)
  }

  function hideKeysAndFlags(given: string): string {
    const text = given.includes("-----BEGIN ") ? given.replace(privateKey, hidden) : given
    return text.replace(commandFlag, (all, before: string, name: string) =>
      isSecretKey(name) ? before + hidden : all,
    )
  }

  if (patterns.length === 0) return rules
  return (text) => {
    let made = rules(text)
    for (const pattern of patterns) made = made.replace(pattern, hidden)
    return made
  }
}

const jwt = /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*/y
const jwtPartEnd = /[^\w-]|$/g
const privateKey =
  /-----BEGIN [A-Z\d ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z\d ]*PRIVATE KEY(?: BLOCK)?-----|$)/g
/** `--password hunter2`, as in a command line. */
const commandFlag = /((?:^|\s)--([\w-]{1,64}) )(?!-)"?[^\s"]+"?/g
const scheme = /\b(bearer|basic) +([\w\-.~+/]{6,}=*)/gi

/** Not "Basic authentication" and "a bearer token". */
const withoutCredentials = (all: string, name: string, value: string) =>
  value.length < 16 && /^[A-Z]?[a-z]+\.?$/.test(value) ? all : `${name} ${hidden}`

/** JSON web tokens. Each run of letters is gone through once, however often `eyJ` is in it: texts come from anybody. */
function hideTokens(text: string): string {
  let made = ""
  let done = 0
  let end = 0
  for (let at = text.indexOf("eyJ"); at >= 0; at = text.indexOf("eyJ", at)) {
    if (at >= end) {
      jwtPartEnd.lastIndex = at
      end = jwtPartEnd.exec(text)?.index ?? text.length
    }
    jwt.lastIndex = at
    if (text[end] === "." && jwt.test(text)) {
      made += text.slice(done, at) + hidden
      at = done = jwt.lastIndex
    } else at = text[end] === "." ? at + 3 : end
  }
  return done === 0 ? text : made + text.slice(done)
}

const authorityEnd = /[\s"'<>`\\/?#]/g
const passwordEnd = /[\s"'<>`\\@]/g

const indexOr = (text: string, one: string, from: number) => {
  const index = text.indexOf(one, from)
  return index < 0 ? text.length : index
}

/** `scheme://user:password@host`, also where the password should have been encoded and was not. */
function hideUserinfo(text: string): string {
  let made = ""
  let done = 0
  let nextAt = -1
  for (let found = text.indexOf("://"); found >= 0; found = text.indexOf("://", found + 3)) {
    const from = found + 3
    if (from < done) continue
    authorityEnd.lastIndex = from
    const end = authorityEnd.exec(text)?.index ?? text.length
    if (nextAt < from) nextAt = indexOr(text, "@", from)
    let last = nextAt < end ? text.lastIndexOf("@", end - 1) : -1
    if (last < 0) {
      const named = text.indexOf(":", from)
      if (named < 0 || named >= end || /^\d*$/.test(text.slice(named + 1, end))) continue
      passwordEnd.lastIndex = from
      last = passwordEnd.exec(text)?.index ?? -1
      if (last < 0 || text[last] !== "@") continue
    }
    made += text.slice(done, from) + hidden
    done = last
  }
  return done === 0 ? text : made + text.slice(done)
}
