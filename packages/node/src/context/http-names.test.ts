import { expect, test } from "vitest"
import type { Attributes } from "@opentelemetry/api"
import { addOldHttpNames } from "./http-names.ts"

const client = 2
const server = 1
const renamed = (attributes: Attributes, kind = client, code = 0) => {
  const span = { kind, attributes: { ...attributes }, status: { code } }
  addOldHttpNames(span)
  return { ...span.attributes, status: span.status.code }
}

test("a client's span gets all that the panel reads", () => {
  expect(
    renamed({
      "http.request.method": "POST",
      "url.full": "https://example.com:8443/a?b=c",
      "http.response.status_code": 201,
      "network.peer.address": "10.1.2.3",
      "http.request.header.accept": ["*/*"],
      "http.response.header.vary": ["accept", "origin"],
    }),
  ).toMatchObject({
    "http.method": "POST",
    "http.url": "https://example.com:8443/a?b=c",
    "http.status_code": 201,
    "http.status_text": "Created",
    "net.peer.ip": "10.1.2.3",
    "http.request.header.accept": "*/*",
    "http.response.header.vary": ["accept", "origin"],
  })
})

test.each<[string, Attributes, string | undefined]>([
  [
    "all parts",
    {
      "url.scheme": "https",
      "server.address": "example.com",
      "server.port": 8443,
      "url.path": "/a",
      "url.query": "b=c",
    },
    "https://example.com:8443/a?b=c",
  ],
  [
    "the port that the scheme has",
    { "url.scheme": "https", "server.address": "example.com", "server.port": 443, "url.path": "/" },
    "https://example.com/",
  ],
  [
    "no port and no query",
    { "url.scheme": "http", "server.address": "a.com", "url.path": "/x", "url.query": "" },
    "http://a.com/x",
  ],
  ["a path alone", { "url.path": "/x" }, "/x"],
  ["no path", { "url.scheme": "http", "server.address": "a.com" }, undefined],
])("a server's URL is made of %s", (_, attributes, url) => {
  expect(renamed({ "http.request.method": "GET", ...attributes }, server)).toMatchObject({
    "http.method": "GET",
    ...(url === undefined ? {} : { "http.url": url }),
  })
})

test("old names that are there stay", () => {
  const attributes = {
    "http.request.method": "GET",
    "http.method": "OLD",
    "http.url": "old",
    "url.full": "new",
  }
  expect(renamed(attributes)).toEqual({ ...attributes, status: 0 })
})

test("a status that nobody knows has no text", () => {
  expect(renamed({ "http.request.method": "GET", "http.response.status_code": 799 })).not.toHaveProperty(
    "http.status_text",
  )
})

test("other spans stay as they are", () => {
  expect(renamed({ "db.system": "postgresql", "network.peer.address": "10.1.2.3" }, server, 2)).toEqual({
    "db.system": "postgresql",
    "network.peer.address": "10.1.2.3",
    status: 2,
  })
})

test.each([
  ["a server's 500", server, 500, 0, 2],
  ["a server's 503 that is marked", server, 503, 2, 2],
  ["a server's 404", server, 404, 0, 0],
  ["a server's 404 that somebody marked", server, 404, 2, 0],
  ["a server's 200 that the app marked", server, 200, 2, 2],
  ["a server's 500 that the app called fine", server, 500, 1, 1],
  ["a client's 404", client, 404, 2, 2],
  ["a client's 500 that is not marked", client, 500, 0, 0],
])("the status of %s", (_, kind, status, before, after) => {
  expect(
    renamed({ "http.request.method": "GET", "http.response.status_code": status }, kind, before).status,
  ).toBe(after)
})
