// What is taken out of a text, and what looks alike and stays.
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createScanText } from "./scan-text.ts"
import { createSecretKeys } from "./secret-keys.ts"

const scan = createScanText(createSecretKeys(), [])
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

describe("is taken out", () => {
  test.each([
    ["https://user:hush@example.com/a", "https://[REDACTED]@example.com/a"],
    ["postgres://app:hush@db:5432/shop", "postgres://[REDACTED]@db:5432/shop"],
    ["connect to redis://:hush@cache:6379 failed", "connect to redis://[REDACTED]@cache:6379 failed"],
    ["mongodb+srv://u:hu/sh@h.example", "mongodb+srv://[REDACTED]@h.example"],
    ["postgres://u:p@hush@db/x", "postgres://[REDACTED]@db/x"],
    ["https://hush@github.com/a/b.git", "https://[REDACTED]@github.com/a/b.git"],
    ["http://a:hush@one, http://b:hush@two", "http://[REDACTED]@one, http://[REDACTED]@two"],
    ["/a?X-Amz-Signature=hush&b=1", "/a?X-Amz-Signature=[REDACTED]&b=1"],
    ["X-Amz-Credential=hush%2F2026&X-Amz-Date=1", "X-Amz-Credential=[REDACTED]&X-Amz-Date=1"],
    ["?x-amz-security-token=hush==", "?x-amz-security-token=[REDACTED]"],
    ["?AWSAccessKeyId=hush&Signature=hush", "?AWSAccessKeyId=[REDACTED]&Signature=[REDACTED]"],
    ["?sv=2022&sig=hush%3D&se=1", "?sv=2022&sig=[REDACTED]&se=1"],
    ["?X-Goog-Signature=hush#top", "?X-Goog-Signature=[REDACTED]#top"],
    ["/login?password=hush", "/login?password=[REDACTED]"],
    ["/x?user[password]=hush&a=b", "/x?user[password]=[REDACTED]&a=b"],
    ["/x?user%5Bpassword%5D=hush", "/x?user%5Bpassword%5D=[REDACTED]"],
    ["/cb?code=hushhushhushhush&state=1", "/cb?code=[REDACTED]&state=1"],
    [
      "/to?next=https%3A%2F%2Fa%2F%3Ftoken%3Dhush%26b%3D1",
      "/to?next=https%3A%2F%2Fa%2F%3Ftoken%3D[REDACTED]%26b%3D1",
    ],
    ["GET /a?api_key=hush HTTP/1.1", "GET /a?api_key=[REDACTED] HTTP/1.1"],
    ['cookie: theme=x; sid="hush"; b=1', "cookie: [REDACTED]"],
    ['Authorization: Token token="hush", realm="a"', "Authorization: [REDACTED]"],
    ['{"h":"Cookie: sid=\\"hush\\"; b=1","n":1}', '{"h":"Cookie: [REDACTED]","n":1}'],
    ["PGPASSWORD=hush psql", "PGPASSWORD=[REDACTED] psql"],
    ["user=a&password=hush", "user=a&password=[REDACTED]"],
    [
      "Server=db;User Id=sa;Password=hush1;Encrypt=true",
      "Server=db;User Id=sa;Password=[REDACTED];Encrypt=true",
    ],
    ["AccountName=a;AccountKey=hush==;X=1", "AccountName=a;AccountKey=[REDACTED];X=1"],
    ["authorization=hush,x-tenant=a", "authorization=[REDACTED]"],
    ["Authorization: Bearer hush-1234", "Authorization: [REDACTED]"],
    ["sent Bearer hush1234 to it", "sent Bearer [REDACTED] to it"],
    ["Basic dXNlcjpwYXNz", "Basic [REDACTED]"],
    ["Cookie: a=hush; b=hush\nHost: x", "Cookie: [REDACTED]\nHost: x"],
    [`token ${jwt} expired`, "token [REDACTED] expired"],
    ["key AKIAIOSFODNN7EXAMPLE is old", "key [REDACTED] is old"],
    ["-----BEGIN RSA PRIVATE KEY-----\nhush\n-----END RSA PRIVATE KEY-----\nrest", "[REDACTED]\nrest"],
    ['{"user":"a","password":"hush"}', '{"user":"a","password":"[REDACTED]"}'],
    ['{"password" : "hu\\"sh", "a":1}', '{"password" : "[REDACTED]", "a":1}'],
    ['{"credentials":{"a":"hush","b":["hush"]},"c":1}', '{"credentials":[REDACTED],"c":1}'],
    ['"{\\"token\\":\\"hush\\",\\"a\\":1}"', '"{\\"token\\":\\"[REDACTED]\\",\\"a\\":1}"'],
    ["{ user: 'a', password: 'hush', n: 1 }", "{ user: 'a', password: '[REDACTED]', n: 1 }"],
    ["{ 'x-api-key': 'hush' }", "{ 'x-api-key': '[REDACTED]' }"],
    ["login failed: password=hush1, user=a", "login failed: password=[REDACTED], user=a"],
    ["login with password: hush1 failed", "login with password: [REDACTED] failed"],
    ["password = 'hush'", "password = '[REDACTED]'"],
    ["run --password hush --port 1", "run --password [REDACTED] --port 1"],
    ["run --token=hush", "run --token=[REDACTED]"],
    ["(see https://a.example/?token=hush)", "(see https://a.example/?token=[REDACTED]"],
    ["fetch('https://a.example/?token=hush')", "fetch('https://a.example/?token=[REDACTED]')"],
  ])("%s", (given, expected) => {
    expect(scan(given)).toBe(expected)
    expect(scan(given)).not.toContain("hush")
    expect(scan(scan(given))).toBe(scan(given))
  })
})

describe("stays", () => {
  test.each([
    "GET /users/:id",
    "http://localhost:3000/users?id=12&sort=name",
    "Unexpected token: name (foo)",
    "Unexpected token } in JSON at position 4",
    "invalid token",
    "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    "    at token (file:///app/src/token.ts:10:5)",
    "    at Object.<anonymous> (/app/secret/cookie.js:12:3)",
    "connect ECONNREFUSED 127.0.0.1:5432",
    "http://token-service:8080/health",
    "SELECT * FROM sessions WHERE token = $1 AND password = ?",
    "SELECT {token:String}, password = @p1",
    "a bearer token is missing",
    "Basic authentication is off",
    "token === undefined",
    "const f = (token) => 1",
    "?page=2&code=SAVE10",
    '{"input_tokens":12,"token":null,"password":false}',
    "{ password: undefined, cookie: null }",
    "git@github.com:clickstack/sdk.git",
    "2026-11-21T17:00:00.000Z",
    "user@example.com",
    "cookies: {}",
    "I am sure: JSON is fine",
    "--help --port 80",
  ])("%s", (given) => {
    expect(scan(given)).toBe(given)
  })
})

test("patterns of the user's, in every text", () => {
  const own = createScanText(createSecretKeys(), [/DE\d{20}/g])
  expect(own("from DE12345678901234567890 to DE00000000000000000000")).toBe("from [REDACTED] to [REDACTED]")
})

test("a text of any kind is read in linear time, and nothing throws", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."=:%3D&?\"'\\{}[]() ,;@/-password token eyJ.\n".split("")) }),
      (text) => {
        scan(text)
      },
    ),
    { numRuns: 2000 },
  )
  for (const part of [
    "password=",
    "=",
    ":",
    "a:",
    "://",
    "://a:b",
    '"token":{',
    "--a ",
    "Bearer ",
    "%3D",
    "token%3D",
    "\\",
    "eyJ",
    "-----BEGIN PRIVATE KEY-----",
    "cookie: a;",
  ]) {
    scan(part.repeat(100_000)) // which would take minutes if each looked at the rest
  }
})

describe("texts of a megabyte, made to be slow", () => {
  const long = (part: string) => part.repeat(Math.ceil(2 ** 20 / part.length))

  test.each([
    ["beginnings of tokens", long("-eyJ")],
    ["beginnings of tokens, and an end", `${long("_eyJ")}.`],
    ["URLs before an @", `${long("http://a ")}@`],
    ["placeholders", long("token=${")],
    ["parameters", long("token={a:")],
    ["parameters of ClickHouse", long("{token:Aa(")],
    ["codes of one character", long("?code=")],
  ])("%s are read once", (_, text) => {
    expect(scan(text) === text).toBe(true)
  })

  test("and a secret behind them is found", () => {
    for (const part of ["-eyJ ", "http://a ", "token=${ ", "?code= "]) {
      const text = long(part)
      const found = scan(`${text}${jwt} https://a:hush@b/?token=hush`)
      expect(found === `${text}[REDACTED] https://[REDACTED]@b/?token=[REDACTED]`).toBe(true)
    }
  })

  test("a token is found wherever a word begins", () => {
    expect(scan(`a-${jwt},x_eyJ-eyJ-${jwt}; ${jwt}.`)).toBe("a-[REDACTED],x_eyJ-[REDACTED]; [REDACTED]")
  })
})
