import { expect, test } from "vitest"
import { authenticate } from "./credentials.ts"

const users = [
  { name: "default", password: "secret:with:colons ü", readonly: false },
  { name: "open", password: "", readonly: true },
]
const none = new URLSearchParams()
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` })

test("takes one of three ways", () => {
  const { name, password } = { name: "default", password: "secret:with:colons ü" }
  expect(authenticate(users, basic(`${name}:${password}`), none)).toBe(users[0])
  expect(authenticate(users, { "x-clickhouse-user": "open" }, none)).toBe(users[1])
  expect(authenticate(users, {}, new URLSearchParams({ user: name, password }))).toBe(users[0])
  // Without a name it is the default user.
  expect(authenticate(users, {}, new URLSearchParams({ password }))).toBe(users[0])
})

test.each([
  [{}, none, "default: Authentication failed"],
  [basic("default:secret"), none, "default: Authentication failed"],
  [basic("nobody:"), none, "nobody: Authentication failed"],
  [basic(":"), none, "empty user name from Authorization HTTP header"],
  [{ "x-clickhouse-key": "x" }, none, "empty user name from X-ClickHouse HTTP headers"],
  [
    { ...basic("open:"), "x-clickhouse-user": "open" },
    none,
    "X-ClickHouse HTTP headers and Authorization HTTP header",
  ],
  [
    basic("open:"),
    new URLSearchParams({ user: "open" }),
    "Authorization HTTP header and authentication via parameters",
  ],
  [{ authorization: "Bearer x" }, none, "'Bearer' HTTP Authorization scheme"],
])("refuses %j with %s", (headers, url, message) => {
  expect(() => authenticate(users, headers, url)).toThrow(message)
})
