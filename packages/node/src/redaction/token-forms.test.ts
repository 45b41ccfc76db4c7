// Secrets that stand in a text without a name, by all ways that a text takes, and words that begin as they do. Each is put
// together here, so that nothing takes this file for one that holds secrets.
import { describe, expect, test } from "vitest"
import { createPlain } from "../delivery/plain-value.ts"
import { defaultCaps } from "../delivery/snapshot.ts"
import { createRedaction } from "./redaction.ts"

const { text, value } = createRedaction({ enabled: true, keys: [], patterns: [], decide: undefined })!
const plain = createPlain(defaultCaps, value)
const sent = (key: string | undefined, given: unknown) => plain.value(key, given, { bytes: 1_000_000 })

const letters = (count: number) => "aB3dE5gH7jK9mN1pQ2sT".repeat(13).slice(0, count)
const capitals = (count: number) => letters(count).toUpperCase()
const hex = (count: number) => "0f1e2d3c".repeat(8).slice(0, count)
const digits = (count: number) => "1234567890123".slice(0, count)

const known: readonly (readonly [of: string, token: string])[] = [
  ...["ghp", "gho", "ghu", "ghs", "ghr"].map((one) => ["GitHub", `${one}_${letters(36)}`] as const),
  ["GitHub, fine-grained", `github_pat_${letters(22)}_${letters(59)}`],
  ["npm", `npm_${letters(36)}`],
  ...["sk_live", "sk_test", "rk_live", "rk_test"].map((one) => ["Stripe", `${one}_${letters(24)}`] as const),
  ["Stripe, long", `sk_live_${letters(99)}`],
  ["GitLab", `glpat-${letters(8)}-_${letters(10)}`],
  ["GitLab, with its place", `glpat-${letters(27)}.01.${hex(9)}`],
  ["Slack, of a bot", `xoxb-${digits(12)}-${digits(13)}-${letters(24)}`],
  ["Slack, of a user", `xoxp-${digits(12)}-${digits(12)}-${digits(12)}-${hex(32)}`],
  ["Slack, of a workspace", `xoxa-2-${digits(12)}-${digits(12)}-${digits(12)}-${hex(32)}`],
  ["Slack, for another", `xoxr-${digits(12)}-${letters(24)}`],
  ["Slack, of an app", `xapp-1-A0${capitals(9)}-${digits(13)}-${hex(64)}`],
  ["OpenAI", `sk-proj-${letters(60)}-_${letters(60)}`],
  ["Anthropic", `sk-ant-api03-${letters(90)}-${letters(3)}AA`],
  ["AWS", `AKIA${capitals(16)}`],
  ["AWS, temporary", `ASIA${capitals(16)}`],
  ["Google", `AIza${letters(30)}-_${letters(3)}`],
  ["a private key", `-----BEGIN PRIVATE KEY-----\n${letters(64)}\n-----END PRIVATE KEY-----`],
  [
    "a private key of SSH",
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${letters(64)}\n-----END OPENSSH PRIVATE KEY-----`,
  ],
  [
    "a private key of PGP",
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${letters(64)}\n-----END PGP PRIVATE KEY BLOCK-----`,
  ],
]

describe.each(known)("a token of %s", (_, token) => {
  test("is taken out of names, attributes, bodies, lists and errors", () => {
    expect(text(`push ${token} now`)).toBe("push [REDACTED] now")
    expect(sent("note", token)).toBe("[REDACTED]")
    expect(sent("db.query.text", `SET x ${token}`)).toBe("SET x [REDACTED]")
    expect(sent(undefined, { a: [`with ${token}`] })).toEqual({ a: ["with [REDACTED]"] })
    expect(sent(undefined, new Error(`no ${token}`))).toMatch(/^Error: no \[REDACTED\]\n {4}at /)
  })

  test("is taken out wherever a word begins", () => {
    for (const before of ["", "/", "(", '"', "a: ", "?a=", "line\\n", "%20", "ü "]) {
      expect(text(`${before}${token}`)).not.toContain(token)
    }
    expect(text(`<${token}>, <${token}>`)).toBe("<[REDACTED]>, <[REDACTED]>")
  })
})

describe("stays", () => {
  test.each([
    ["too short, of GitHub", `ghp_${letters(35)}`],
    ["of other letters, of GitHub", `ghp_${"user-name.".repeat(5)}`],
    ["another letter before", `ghx_${letters(36)}`],
    ["within a word", `highp_${letters(36)}`],
    [
      "a name in code",
      "github_pat_token_of_the_user_that_has_asked_for_it_and_of_nobody_else_anywhere_in_it_here",
    ],
    ["too long, of npm", `npm_${letters(37)}`],
    ["a variable of npm", "npm_config_user_agent and npm_package_version"],
    ["of Stripe's documents", "sk_test_key and sk_live_..."],
    ["a public key of Stripe", `pk_live_${letters(24)}`],
    ["within a word, of Stripe", `task_live_${letters(24)}`],
    ["a placeholder of Slack", "xoxb-your-token-goes-here-please-do-it"],
    ["without its numbers, of Slack", `xoxb-${letters(40)}`],
    ["too short, of GitLab", `glpat-${letters(19)}`],
    ["a class of CSS", "sk-projects-list sk-proj-list-item"],
    ["a task", `risk-ant-${letters(40)}, disk-proj-${letters(40)}`],
    ["small letters, of AWS", `AKIA${letters(16)}`],
    ["too long, of AWS", `AKIA${capitals(17)}`],
    ["a word in capitals", "ASIAPACIFICREGION1 in ASIA"],
    ["too short, of Google", `AIza${letters(34)}`],
    ["too long, of Google", `AIza${letters(36)}`],
    ["a public key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
    ["a UUID", "7f3c0a52-1d3e-4b7c-9a55-0c9d8e7f6a5b"],
  ])("%s", (_, given) => {
    expect(text(`see ${given} there`)).toBe(`see ${given} there`)
  })
})

test.each(known)("texts of a megabyte of beginnings of %s are read in time", (_, token) => {
  for (const length of [4, 6, 12, token.length - 1]) {
    const part = token.slice(0, length)
    text(part.repeat(Math.ceil(2 ** 20 / part.length))) // which would take minutes if each looked at the rest
  }
  expect(text(`${`${token.slice(0, 4)} `.repeat(2 ** 16)}${token}`).endsWith(" [REDACTED]")).toBe(true)
})
