// Whether a key looks as if its value were a secret: `user.password`, `x-api-key`, `DB_PASS`, `accessToken`. It is cut
// into segments at everything that is no letter or digit and where camel case begins a word; only whole segments count,
// so that `input_tokens`, `tokenizer` and `author` are none.

/** Wherever they stand, unless what follows says that the value only describes a secret: `token_count`, `secret.name`. */
const words = new Set(
  `password passwords pgpassword sshpass passwd passwort pwd passphrase passcode secret secrets token authorization cookie cookies credential
  credentials apikey apikeys accesskey secretkey privatekey authkey authtoken accesstoken refreshtoken idtoken
  clientsecret csrftoken xsrftoken sessiontoken cardnumber creditcard ccnumber cvv cvv2 cvc ssn jwt totp otp phpsessid
  jsessionid`.split(/\s+/),
)
/** Two in a row. */
const pairs = new Set(
  `api.key api.keys access.key access.keys private.key private.keys secret.key encryption.key signing.key master.key
  account.key shared.key ssh.key subscription.key functions.key auth.key auth.keys license.key clickhouse.key session.key
  access.tokens refresh.tokens auth.tokens api.tokens bearer.tokens session.tokens set.cookies card.number card.cvc
  card.cvv credit.card cc.number security.number security.code connect.sid otlp.headers command.args command.line
  environment.variable`.split(/\s+/),
)
/** Only at the end: `smtp.pass`, but not `pass.rate`. */
const lastWords = new Set(["pass", "auth", "bearer", "csrf", "xsrf", "authentication"])
/** What follows a word for a secret when the value is none. */
const describing = new Set(
  `age algorithm amount arn attempts bucket brand budget cache changed class consent count created decision domain duration
  enabled endpoint error exists expired expires expiration expiry field flow format found generation grant hint id index
  interval issued issuer kind last4 length level lifetime limit limits location max maxage method min missing mode name
  names namespace parser path policy position present prefix presence price provider ratio rate reason refreshed
  required requirements reset result role rotated rotation samesite scope scopes service set size source state status
  store strategy strength stream sub suffix support supported system total ttl type types updated uri url usage used
  valid validation validator validity verified version`.split(/\s+/),
)
/** An id that is half of a credential. */
const exceptions = new Set(["access.key.id"])

const longestKey = 256 // what is before that is cut off

/** @param more Keys of the user's, of which any spelling counts. */
export function createSecretKeys(more: readonly string[] = []): (key: string) => boolean {
  const own = more.map((key) => `.${segmentsOf(key).join(".")}.`)
  return (key) => {
    const segments = segmentsOf(key.length > longestKey ? key.slice(-longestKey) : key)
    return looksSecret(segments) || own.some((one) => `.${segments.join(".")}.`.includes(one))
  }
}

export function segmentsOf(key: string): string[] {
  const plain = key.includes("%") ? key.replace(/%[\da-f]{2}/gi, ".") : key
  return plain
    .replace(/([a-z\d])([A-Z])/g, "$1.$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1.$2")
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter(Boolean)
}

function looksSecret(segments: readonly string[]): boolean {
  const { length } = segments
  for (let index = 0; index < length; index++) {
    const one = segments[index]!
    const two = `${one}.${segments[index + 1]}`
    if (exceptions.has(`${two}.${segments[index + 2]}`)) return true
    const width = words.has(one) || words.has(one.replace(/\d+$/, "")) ? 1 : pairs.has(two) ? 2 : 0
    if (width === 0) {
      if (index === length - 1 && lastWords.has(one)) return true
      continue
    }
    if (!isDescribed(segments[index + width])) return true
  }
  return false
}

const isDescribed = (next: string | undefined) => next !== undefined && describing.has(next)
