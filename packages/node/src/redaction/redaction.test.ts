// Redaction as the encoders call it, and random objects: what stands under a secret's key never gets through.
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createPlain } from "../delivery/plain-value.ts"
import { defaultCaps } from "../delivery/snapshot.ts"
import type { RedactConfig } from "../privacy-config.ts"
import { createRedaction } from "./redaction.ts"

const on: RedactConfig = { enabled: true, keys: [], patterns: [], decide: undefined }
const sent = (key: string | undefined, value: unknown, config: Partial<RedactConfig> = {}) => {
  const plain = createPlain(defaultCaps, createRedaction({ ...on, ...config })?.value)
  return plain.value(key, value, { bytes: 1_000_000 })
}

describe("under a secret's key", () => {
  test.each<[string, unknown, unknown]>([
    ["a text", "hush", "[REDACTED]"],
    ["an empty text", "", ""],
    ["a number", 7, 7],
    ["a list of texts", ["hush", 1], ["[REDACTED]", 1]],
    ["an object", { a: "hush", b: { c: "hush", n: 2 } }, { a: "[REDACTED]", b: { c: "[REDACTED]", n: 2 } }],
    ["bytes", Buffer.from("hush"), "[REDACTED]"],
    ["a map", new Map([["a", "hush"]]), "[REDACTED]"],
    ["an error", new Error("hush"), "[REDACTED]"],
    ["an object that says itself what it is", { toJSON: () => "hush" }, "[REDACTED]"],
  ])("%s", (_, given, expected) => {
    expect(sent("user.password", given)).toEqual(expected)
  })
})

describe("elsewhere", () => {
  test.each<[string, unknown, unknown]>([
    [
      "nested keys",
      { user: { password: "hush", name: "a" } },
      { user: { password: "[REDACTED]", name: "a" } },
    ],
    ["keys of a map", new Map([["token", "hush"]]), { token: "[REDACTED]" }],
    ["texts in lists", ["?sig=hush", "a"], ["?sig=[REDACTED]", "a"]],
    ["a URL object", new URL("http://a:hush@b/"), "http://[REDACTED]@b/"],
    ["what toJSON gives", { toJSON: () => ({ token: "hush" }) }, { token: "[REDACTED]" }],
  ])("%s", (_, given, expected) => {
    expect(sent("app.data", given)).toEqual(expected)
  })

  test("an error's text", () => {
    expect(sent(undefined, new Error("no http://a:hush@b"))).toMatch(
      /^Error: no http:\/\/\[REDACTED\]@b\n {4}at /,
    )
  })
})

describe("the user's", () => {
  test("keys and patterns are added", () => {
    const config = { keys: ["iban"], patterns: [/DE\d+/g] }
    expect(sent("user.iban", "x", config)).toBe("[REDACTED]")
    expect(sent("note", "to DE123", config)).toBe("to [REDACTED]")
    expect(sent("password", "x", config)).toBe("[REDACTED]")
  })

  test("function decides otherwise, and leaves the rest to the rules", () => {
    const decide = (key: string | undefined, value: unknown) =>
      key === "csrf_token" ? value : key === "user.email" ? "someone" : undefined
    const config = { decide }
    expect(sent("csrf_token", "kept", config)).toBe("kept")
    expect(sent("user.email", "a@b", config)).toBe("someone")
    expect(sent("password", "hush", config)).toBe("[REDACTED]")
    expect(sent("data", { csrf_token: "kept", token: "hush" }, config)).toEqual({
      csrf_token: "kept",
      token: "[REDACTED]",
    })
  })

  test("function that fails hides what it was asked about", () => {
    const decide = () => {
      throw new Error("broken")
    }
    expect(sent("a", "b", { decide })).toBe("[REDACTED]")
  })

  test("switch turns all of it off", () => {
    expect(createRedaction({ ...on, enabled: false })).toBeUndefined()
  })
})

test("no text under a secret's key is in what is sent, however deep it stands", () => {
  const secretKey = fc.constantFrom(
    "password",
    "apiKey",
    "x-auth-token",
    "Cookie",
    "DB_PASS",
    "client_secret",
  )
  const secret = fc.string({ minLength: 6 }).map((text) => `hush${text}`)
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("plain", 1, true, null, "a=b"),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom("a", "b.c", "url", "session.id"), tie("tree"), { maxKeys: 4 }),
      fc.record({
        a: tie("tree"),
        b: fc.dictionary(secretKey, fc.oneof(secret, fc.array(secret), fc.record({ x: secret }))),
      }),
      fc.dictionary(secretKey, secret),
      fc.dictionary(secretKey, secret).map((object) => JSON.stringify({ n: 1, ...object })),
      fc.dictionary(secretKey, secret).map((object) => new Map(Object.entries(object))),
    ),
  }))
  fc.assert(
    fc.property(tree, (given) => {
      expect(JSON.stringify(sent("app.data", given)) ?? "").not.toContain("hush")
      expect(JSON.stringify(sent(undefined, JSON.stringify(given) ?? "")) ?? "").not.toContain("hush")
    }),
    { numRuns: 1000 },
  )
})
