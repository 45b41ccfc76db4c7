import { expect, test } from "vitest"
import { hostList, isLoopback } from "./host-list.ts"

test.each([
  "localhost",
  "LOCALHOST:80",
  "app.localhost",
  "127.0.0.1",
  "127.1.2.3:8080",
  "[::1]:80",
  "::1",
  "localhost.",
  "::ffff:127.0.0.1",
])("%s is this machine", (host) => expect(isLoopback(host)).toBe(true))

test.each([
  "example.com",
  "localhost.example.com",
  "127.example.com",
  "127.0.0.1.example.com",
  "10.0.0.1",
  "0.0.0.0",
  "notlocalhost",
  "128.0.0.1",
  "[::2]:80",
  "",
])("%j is another machine", (host) => expect(isLoopback(host)).toBe(false))

test.each([
  ["api.example.com", "api.example.com", true],
  ["api.example.com", "API.example.com:443", true],
  ["api.example.com", "example.com", false],
  ["api.example.com", "api.example.com.evil.org", false],
  ["api.example.com", "xapi.example.com", false],
  ["api.example.com:8443", "api.example.com:8443", true],
  ["api.example.com:8443", "api.example.com", false],
  ["*.example.com", "a.example.com", true],
  ["*.example.com", "a.b.example.com:80", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "evilexample.com", false],
  ["*", "anything", true],
  ["[::2]:80", "[::2]:80", true],
])("the list %s and the host %s: %s", (pattern, host, allowed) => {
  const allows = hostList([pattern])
  expect(allows(host)).toBe(allowed)
  expect(allows(host)).toBe(allowed)
})

test("a list of nothing allows nothing", () => {
  expect(hostList([])("example.com")).toBe(false)
})
