// Secrets that are known by how they look, where no name says so: how their makers let them begin, and what must follow,
// by length and alphabet, so that a word which begins alike stays.

type Form = readonly [begin: string, rest: string]

const underscored: readonly Form[] = [
  ["gh[opusr]_", "[A-Za-z\\d]{36,}"], // GitHub
  ["github_pat_", "[A-Za-z\\d]{22}_[A-Za-z\\d]{59}"],
  ["npm_", "[A-Za-z\\d]{36}(?!\\w)"],
  ["[rs]k_live_", "[A-Za-z\\d]{16,}"], // Stripe
  ["[rs]k_test_", "[A-Za-z\\d]{16,}"],
]
const dashed: readonly Form[] = [
  ["glpat-", "[\\w-]{20,}(?:\\.\\w\\w\\.\\w+)?"], // GitLab, also with the place it belongs to in it
  ["xox[abeoprs]-", "(?:\\d{1,16}-){1,4}[A-Za-z\\d]{16,}"], // Slack
  ["xapp-", "\\d-[A-Z\\d]{8,16}-\\d{8,16}-[\\da-f]{32,}"],
  ["sk-(?:ant|proj|svcacct|admin)-", "[\\w-]{32,}"], // Anthropic, OpenAI
]
const capital: readonly Form[] = [
  ["A[KS]IA", "[A-Z\\d]{16}(?!\\w)"], // AWS: ids of access keys, and of temporary ones
  ["AIza", "[\\w-]{35}(?![\\w-])"], // Google
]

const either = (parts: readonly string[]) => parts.join("|")
const begins = (forms: readonly Form[]) => either(forms.map(([begin]) => begin))
const behind = (forms: readonly Form[]) => `(?<=${begins(forms)})`

/** For expressions that look through any text. */
export const capitalBegins: string = begins(capital)

/**
 * The same for the others. V8 stops wherever an alternative may begin, and small letters are everywhere, so these begin
 * with the character that is their last.
 */
export const smallBegins: string = `_${behind(underscored)}|-${behind(dashed)}`

const anyUnderscored = new RegExp(begins(underscored))
const anyDashed = new RegExp(begins(dashed))

/** `smallBegins` for a text that was stopped at: half its time, and nearly none where neither character is. */
export const hasSmallBegin = (text: string): boolean =>
  (text.indexOf("_") >= 0 && anyUnderscored.test(text)) || (text.indexOf("-") >= 0 && anyDashed.test(text))

/** At the beginning of a word, or after what JSON or a URL writes in place of one character. */
export const tokenForms: RegExp = new RegExp(
  `(?:\\b|(?<=\\\\[bfnrt]|%[\\dA-Fa-f]{2}))(?:${either([...underscored, ...dashed, ...capital].map((form) => form.join("")))})`,
  "g",
)
