import { expect, test } from "vitest"
import { defaultLimits, type ReceiverOptions, resolveOptions } from "./options.ts"

test("by default there is OTLP/HTTP on loopback, and nothing else", () => {
  expect(resolveOptions({})).toMatchObject({
    host: "127.0.0.1",
    loopback: true,
    httpPort: 4318,
    grpcPort: undefined,
    auth: undefined,
    tls: undefined,
    allowedOrigins: [],
    allowedHosts: [],
    limits: defaultLimits,
  })
})

test("limits are completed, one left undefined as well", () => {
  const limits = { requests: 3, bodyBytes: undefined } as never
  expect(resolveOptions({ limits }).limits).toEqual({ ...defaultLimits, requests: 3 })
})

test.each<[object, string]>([
  [{ endpont: 1 }, 'unknown option "endpont"; there are host, httpPort, '],
  [{ limits: { request: 1 } }, 'unknown limit "request"; there are bodyBytes, '],
  [{ limits: { requests: 0 } }, "limits.requests must be a whole number above 0, not 0"],
  [{ limits: { requests: "9" } }, 'limits.requests must be a whole number above 0, not "9"'],
  [{ host: "" }, 'host must be an address such as "127.0.0.1", not ""'],
  [{ httpPort: 70_000 }, "httpPort must be a port from 0 to 65535, not 70000"],
  [{ grpcPort: "4317" }, 'grpcPort must be a port from 0 to 65535, not "4317"'],
  [{ httpPort: false }, "httpPort is false and there is no grpcPort: nothing to listen on"],
  [{ auth: "" }, "auth must be a token, a list of tokens, a function, or false"],
  [{ auth: [] }, "auth must be a token, a list of tokens, a function, or false"],
  [{ auth: ["a", 1] }, "auth must be a token, a list of tokens, a function, or false"],
  [{ tls: { key: "k" } }, "tls needs both key and cert, in PEM"],
  [
    { tls: { key: "k", cert: "c", requireClientCertificate: true } },
    "tls.requireClientCertificate needs tls.ca",
  ],
  [{ tls: { key: "k", cert: "c", passphrase: "p" } }, 'unknown option of tls "passphrase"'],
  [{ allowedOrigins: "https://a" }, 'allowedOrigins must be a list of strings, not "https://a"'],
  [{ allowedOrigins: ["localhost:3000"] }, 'allowedOrigins must be origins such as "http://localhost:3000"'],
  [{ allowedOrigins: ["https://a/b"] }, 'not "https://a/b"'],
  [{ traces: {} }, "traces must be a function (data, context), or { raw } with one, not {}"],
  [{ host: "0.0.0.0" }, "host 0.0.0.0 can be reached from other machines: set auth to a token"],
])("%j is refused", (options, message) => {
  expect(() => resolveOptions(options as ReceiverOptions)).toThrow(
    expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining(message) }),
  )
})

test("origins are taken as browsers spell them", () => {
  const allowedOrigins = [
    "HTTP://Localhost:3000/",
    "https://shop.test:443",
    "chrome-extension://abc",
    "*",
    "null",
  ]
  expect(resolveOptions({ allowedOrigins }).allowedOrigins).toEqual([
    "http://localhost:3000",
    "https://shop.test",
    "chrome-extension://abc",
    "*",
    "null",
  ])
})

test.each<ReceiverOptions>([
  { auth: "t" },
  { auth: false },
  { auth: () => true },
  { tls: { key: "k", cert: "c", ca: "a", requireClientCertificate: true } },
])("an address that others reach is fine with %j", (options) => {
  expect(resolveOptions({ host: "0.0.0.0", ...options }).loopback).toBe(false)
})

test.each(["localhost", "127.0.0.1", "127.9.9.9", "::1"])("%s is loopback", (host) => {
  expect(resolveOptions({ host }).loopback).toBe(true)
})

test.each(["127.0.0.1.example.com", "127.example", "::", "10.0.0.1"])("%s is not", (host) => {
  expect(resolveOptions({ host, auth: "t" }).loopback).toBe(false)
})
