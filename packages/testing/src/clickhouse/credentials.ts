// Who asks: users and passwords by basic authentication, by X-ClickHouse-User/Key or by URL parameters, one way at a
// time, as the real server has it.
import { timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { ClickHouseException } from "./exception.ts"

export interface User {
  readonly name: string
  readonly password: string
  readonly readonly: boolean
}

export function authenticate(
  users: readonly User[],
  headers: IncomingHttpHeaders,
  url: URLSearchParams,
): User {
  const { name, password } = credentials(headers, url)
  const user = users.find((known) => known.name === name)
  // Unknown names are compared as well: the answer is the same one for both.
  if (user === undefined || !same(user.password, password)) {
    throw new ClickHouseException(
      516,
      `${name}: Authentication failed: password is incorrect, or there is no user with such name.`,
    )
  }
  return user
}

function credentials(headers: IncomingHttpHeaders, url: URLSearchParams): { name: string; password: string } {
  const ways: { way: string; name: string; password: string }[] = []
  const user = headers["x-clickhouse-user"]
  const key = headers["x-clickhouse-key"]
  if (user !== undefined || key !== undefined) {
    ways.push({ way: "X-ClickHouse HTTP headers", name: String(user ?? ""), password: String(key ?? "") })
  }
  if (headers.authorization !== undefined) {
    ways.push({ way: "Authorization HTTP header", ...basic(headers.authorization) })
  }
  if (url.has("user") || url.has("password")) {
    const name = url.get("user") ?? "default"
    ways.push({ way: "authentication via parameters", name, password: url.get("password") ?? "" })
  }
  const [only = { way: "", name: "default", password: "" }, other] = ways
  if (other !== undefined) {
    throw new ClickHouseException(
      516,
      `Invalid authentication: it is not allowed to use ${only.way} and ${other.way} simultaneously.`,
    )
  }
  if (only.name === "") throw new ClickHouseException(516, `Got an empty user name from ${only.way}.`)
  return only
}

function basic(header: string): { name: string; password: string } {
  const [scheme = "", encoded = ""] = header.split(" ")
  if (scheme.toLowerCase() !== "basic") {
    throw new ClickHouseException(
      516,
      `Invalid authentication: '${scheme}' HTTP Authorization scheme is not supported by this test server.`,
    )
  }
  const [name = "", ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":")
  return { name, password: rest.join(":") }
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
