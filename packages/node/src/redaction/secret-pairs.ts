// Names and values within a text: the query of a URL, a form, a connection string, JSON, what console.log() made of an
// object, header lines, and all of these percent-encoded in each other. One walk from separator to separator; the values
// of secret names are replaced.
import { hidden } from "./hide-texts.ts"
import { remembered } from "../remembered.ts"

/** Of signed URLs: in lower case, as attributes none of them is a secret. */
const signatures = new Set(
  `x-amz-signature x-amz-credential x-amz-security-token awsaccesskeyid signature sig x-goog-signature x-goog-credential
  googleaccessid x-oss-signature ossaccesskeyid x-ms-signature hmac sharedaccesssignature`.split(/\s+/),
)
const shortestName = 3
const longestName = 128
const fewestOfCode = 16 // letters of an OAuth code; `code=SAVE10` is something else

type Is = (name: string) => boolean

export function createHidePairs(isSecretKey: Is): (text: string) => string {
  const isSecret = remembered((name) => isSecretKey(name) || signatures.has(name.toLowerCase()))
  return (text) => hidePairs(text, isSecret)
}

/** Where a value stands that is to be hidden. */
interface Span {
  from: number
  to: number
}

const found: Span = { from: 0, to: 0 }

function hidePairs(text: string, isSecret: Is): string {
  for (const one of searches) one.end = -1
  let made = ""
  let done = 0
  let equals = text.indexOf("=")
  let colon = text.indexOf(":")
  let coded = text.indexOf("%") < 0 ? -1 : text.indexOf("%3D") // which alone takes three times as long
  while (equals >= 0 || colon >= 0 || coded >= 0) {
    const at = Math.min(equals >>> 0, colon >>> 0, coded >>> 0) // -1 becomes the largest
    const width = at === coded ? 3 : 1
    if (secretAt(text, at, width, done, isSecret)) {
      made += text.slice(done, found.from) + hidden
      done = found.to
    }
    const next = Math.max(done, at + width)
    if (equals >= 0 && equals < next) equals = text.indexOf("=", next)
    if (colon >= 0 && colon < next) colon = text.indexOf(":", next)
    if (coded >= 0 && coded < next) coded = text.indexOf("%3D", next)
  }
  return done === 0 ? text : made + text.slice(done)
}

const quote = (code: number) => code === 0x22 || code === 0x27 || code === 0x60
const space = (code: number) => code === 0x20 || code === 0x09
const inNames = new Uint8Array(128)
for (let code = 0; code < 128; code++) inNames[code] = /[\w\-.[\]%$]/.test(String.fromCharCode(code)) ? 1 : 0
const isNameCode = (code: number) => code > 127 || inNames[code] === 1

function secretAt(text: string, at: number, width: number, done: number, isSecret: Is): boolean {
  const isColon = text.charCodeAt(at) === 0x3a
  if (isColon && text.charCodeAt(at + 1) === 0x2f) return false // of a URL
  let end = at
  while (end > done && at - end < 4 && space(text.charCodeAt(end - 1))) end--
  const isQuoted = end > done && quote(text.charCodeAt(end - 1))
  if (isQuoted) {
    end--
    if (text[end - 1] === "\\") end--
  }
  let start = end
  while (start > done && end - start < longestName && isNameCode(text.charCodeAt(start - 1))) start--
  if (width === 3) start = Math.max(start, afterCoded(text, start, end))
  if (end - start < shortestName) return false
  const name = text.slice(start, end)
  const before = text[start - 1]
  const inQuery = !isColon && (before === "?" || before === "&" || width === 3)
  const isCode = inQuery && name === "code"
  if (!isCode && !isSecret(name)) return false

  let from = at + width
  const first = text[from]
  if (isColon && (before === "/" || before === "@")) return false // a port, a line
  if (!isColon && (first === "=" || first === ">" || first === "~")) return false
  if (isColon && first === "=") from++
  const isSpaced = width === 1 && space(text.charCodeAt(from))
  if (isSpaced) while (space(text.charCodeAt(from))) from++
  found.from = from
  if (text.startsWith(hidden, from)) return false
  const opening = text[from] === "\\" ? text.slice(from, from + 2) : text[from]
  if (opening === undefined) return false
  if (quote(opening.charCodeAt(opening.length - 1)) && width === 1) {
    found.from += opening.length
    found.to = closingOf(text, found.from, opening)
    return found.to > found.from && !text.startsWith(hidden, found.from)
  }
  if (isColon && (opening === "{" || opening === "[")) {
    found.to = endOfBrackets(text, from)
    return found.to - from > 2
  }
  found.to = inQuery ? endOfQueryValue(text, from, width === 3) : endOfValue(text, from, name)
  const value = text.slice(from, found.to)
  if (isCode) return /^[\w.~+/%-]+$/.test(value) && value.length >= fewestOfCode
  const afterWord = before === " " && /[a-z]/i.test(text[start - 2] ?? "")
  const inBraces = before === "{"
  return !isHarmless(value, { isColon, isQuoted, isSpaced, afterWord, inBraces })
}

/** `…%3Ftoken%3Dx`: the name begins after the last percent-encoded character that a name does not hold. */
function afterCoded(text: string, start: number, end: number): number {
  const match = /^.*%(?:26|3F|23|3B|20|22|7B|2C)/i.exec(text.slice(start, end))
  return match === null ? start : start + match[0].length
}

interface Place {
  readonly isColon: boolean
  readonly isQuoted: boolean
  readonly isSpaced: boolean
  readonly afterWord: boolean
  readonly inBraces: boolean
}

/** No value at all, a placeholder of SQL, a port, or a word of a sentence: "Unexpected token: name". */
function isHarmless(value: string, { isColon, isQuoted, isSpaced, afterWord, inBraces }: Place): boolean {
  if (!/[\p{L}\d]/u.test(value)) return true
  if (/^(?:null|undefined|true|false|none|nil|NaN)[)\]}.,\s]*$/i.test(value)) return true
  if (/^(?:\$\d+[),;]*|[:@]\w+[),;]*|%s)$|^\$\{|^\{\s*\w+\s*:/.test(value)) return true
  if (isColon && isQuoted && /^-?[\d.eE+]+[\]}]*$/.test(value)) return true
  if (inBraces && !isSpaced && !isQuoted && /^[A-Z]\w+(?:\(|\}?$)/.test(value)) return true // ClickHouse: {name:Type}
  if (isColon && !isSpaced && /^\d{1,5}$/.test(value)) return true
  return isSpaced && afterWord && /^[a-z]+[.,!?]?$/i.test(value)
}

function closingOf(text: string, from: number, opening: string): number {
  const isEscaped = opening.length > 1
  let at = text.indexOf(opening, from)
  if (!isEscaped) while (at > 0 && isBackslashed(text, at, from)) at = text.indexOf(opening, at + 1)
  return at < 0 ? text.length : at
}

function isBackslashed(text: string, at: number, from: number): boolean {
  let count = 0
  while (at - count > from && text[at - count - 1] === "\\") count++
  return count % 2 === 1
}

function endOfBrackets(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const one = text[at]!
    if (one === "{" || one === "[") depth++
    else if (one === "}" || one === "]") {
      if (--depth === 0) return at + 1
    } else if (one === '"' || one === "'") at = closingOf(text, at + 1, one)
  }
  return text.length
}

const queryEnd = search(/[\s"<>`\\&#]|'(?!\w)/g)
const codedQueryEnd = search(/[\s"<>`\\&#;,]|%26|%23|'(?!\w)/gi)
// A quoted value in it, as in `sid="x"`, is a part of it.
const lineEnd = search(/=\\?"[^"\r\n]*"|[\r\n"`]|\\[rn"]|'(?!\w)/g)
const valueEnd = search(/[\s"<>`\\&;]|'(?!\w)|,(?=\s|[\w.-]+[=:]|$)|[)\]}]+(?=[\s,;]|$)/g)
const searches = [queryEnd, codedQueryEnd, lineEnd, valueEnd]

const endOfQueryValue = (text: string, from: number, isCoded: boolean) =>
  endBy(isCoded ? codedQueryEnd : queryEnd, text, from)

/** Those of these headers hold spaces and separators, and end with the line. */
const endOfValue = (text: string, from: number, name: string) =>
  endBy(/(?:cookies?|authorization)$/i.test(name) ? lineEnd : valueEnd, text, from)

/** With what it found last in this text: of `token=${token=${…` all values have one end, which is looked for once. */
interface Search {
  readonly pattern: RegExp
  from: number
  end: number
}

function search(pattern: RegExp): Search {
  return { pattern, from: 0, end: -1 }
}

function endBy(last: Search, text: string, from: number): number {
  if (last.from <= from && from <= last.end) return last.end
  last.pattern.lastIndex = from
  last.from = from
  let match = last.pattern.exec(text)
  while (match?.[0].startsWith("=") === true) match = last.pattern.exec(text)
  return (last.end = match?.index ?? text.length)
}
