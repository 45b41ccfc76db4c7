// Headers of requests and responses, on both sides of node:http, node:http2 and fetch: those that are listed, and what is
// secret in them hidden all the same.
import { fileURLToPath } from "node:url"
import { captureProcess } from "@clickstack/testing"
import { expect, test } from "vitest"

const app = fileURLToPath(new URL("fixtures/headers.cjs", import.meta.url))

async function headersOf(env: Record<string, string>) {
  const { code, stderr, spans } = await captureProcess(app, { env })
  expect({ code, stderr, spans: spans.length }).toEqual({ code: 0, stderr: "", spans: 6 })
  if (env["CLICKSTACK_REDACT"] !== "false") expect(JSON.stringify(spans)).not.toContain("hush")
  return spans.map(({ attributes }) => {
    const names = Object.keys(attributes).filter((key) => /^http\.(request|response)\.header\./.test(key))
    return Object.fromEntries(names.map((key) => [key, attributes[key]]))
  })
}

const listed = {
  "http.request.header.x-tenant": "acme",
  "http.request.header.authorization": "[REDACTED]",
  "http.request.header.cookie": "[REDACTED]",
  "http.response.header.x-region": "eu",
  "http.response.header.set-cookie": ["[REDACTED]", "[REDACTED]"],
  "http.response.header.location": "/next?token=[REDACTED]&a=b",
}
const lists = {
  CLICKSTACK_CAPTURE_REQUEST_HEADERS: "X-Tenant,Authorization,Cookie",
  CLICKSTACK_CAPTURE_RESPONSE_HEADERS: "X-Region,Set-Cookie,Location",
}

test("no header is captured unless it is listed", async () => {
  expect(await headersOf({})).toEqual(Array.from({ length: 6 }, () => ({})))
})

test("those that are listed are, of requests and responses, servers and clients", async () => {
  expect(await headersOf(lists)).toEqual(Array.from({ length: 6 }, () => listed))
})

test("advanced network capture captures all of them, without what is secret", async () => {
  const env = { HDX_NODE_ADVANCED_NETWORK_CAPTURE: "true", CLICKSTACK_CAPTURE_BODIES: "none" }
  for (const headers of await headersOf(env)) {
    expect(headers).toMatchObject({ ...listed, "http.request.header.x-other": "other" })
  }
})

test("with redaction off they are told as they are", async () => {
  for (const headers of await headersOf({ ...lists, CLICKSTACK_REDACT: "false" })) {
    expect(headers).toMatchObject({
      "http.request.header.cookie": "sid=hush-2",
      "http.response.header.set-cookie": ["a=hush-3", "b=hush-4"],
    })
  }
})
