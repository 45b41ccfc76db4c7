// With a certificate, the API, the viewer and the commands that read them speak TLS, and nothing else does.
import { writeFileSync } from "node:fs"
import { type RequestOptions, get, request } from "node:https"
import { join } from "node:path"
import { startLocal } from "@clickstack/local"
import { expect, test, vi } from "vitest"
import { certificate } from "../receiver/certificate.ts"
import { clickstack, startClickstack, startCommand } from "./run-clickstack.ts"
import { freePorts, temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()

const ask = (url: string, options: RequestOptions) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    get(url, options, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode, text }))
    }).on("error", reject)
  })

test("the API's own TLS", async () => {
  const { key, cert } = certificate("local", { hosts: ["127.0.0.1"] })
  await using local = await startLocal({ memory: true, ...freePorts, tls: { key, cert } })
  const url = local.url ?? ""
  expect(url).toMatch(/^https:/)
  expect(await ask(`${url}/api/logs`, { ca: cert })).toEqual({ status: 200, text: '{"logs":[]}' })
  expect((await ask(`${url}/`, { ca: cert })).text).toContain("<title>ClickStack</title>")
  await expect(ask(`${url}/api/logs`, {})).rejects.toThrow(/self-signed/)
  await expect(fetch(`${url.replace("https", "http")}/api/logs`)).rejects.toThrow("fetch failed")

  const file = join(cwd, "cert.pem")
  writeFileSync(file, cert)
  const env = { NODE_EXTRA_CA_CERTS: file }
  expect((await clickstack(["traces", "--url", url], { cwd, env })).stdout).toBe("no traces\n")
  expect((await clickstack(["traces", "--url", url], { cwd })).stderr).toContain("NODE_EXTRA_CA_CERTS")

  await local.query(
    "INSERT INTO otel_logs (Timestamp, Body, SeverityText, SeverityNumber) VALUES (now64(9), 'stored', 'info', 9)",
  )
  const tail = await startCommand(["tail", "--url", url], "stored", { cwd, env })
  const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "fresh" } }] }] }] }
  const payload = JSON.stringify(body)
  const headers = { "content-type": "application/json" }
  request(`${local.otlp.http}/v1/logs`, { method: "POST", ca: cert, headers }).end(payload)
  await vi.waitFor(() => expect(tail.stdout()).toContain("fresh"), 20_000)
  await tail.end()
})

test("the command listens with the certificate that it is given", async () => {
  const { key, cert } = certificate("local", { hosts: ["127.0.0.1"] })
  const files = ["--tls-cert", join(cwd, "c.pem"), "--tls-key", join(cwd, "k.pem")]
  writeFileSync(join(cwd, "c.pem"), cert)
  writeFileSync(join(cwd, "k.pem"), key)
  const local = await startClickstack(["--memory", ...files], { cwd })
  expect([local.http, local.grpc, local.api].map((url) => url?.slice(0, 6))).toEqual(Array(3).fill("https:"))
  expect((await ask(`${local.api}/health`, { ca: cert })).status).toBe(200)
  await local.end()
  const half = await clickstack(["--memory", ...files.slice(0, 2)], { cwd })
  expect(half.stderr).toContain("--tls-cert and --tls-key go together")
})

test("who must show a certificate to send must show it to read", async () => {
  const authority = certificate("authority")
  const { key, cert } = certificate("local", { hosts: ["127.0.0.1"], issuer: authority })
  const reader = certificate("reader", { issuer: authority })
  const tls = { key, cert, ca: authority.cert, requireClientCertificate: true }
  await using local = await startLocal({ memory: true, ...freePorts, tls })
  const trusted = { ca: authority.cert }
  expect(
    (await ask(`${local.url}/api/logs`, { ...trusted, key: reader.key, cert: reader.cert })).status,
  ).toBe(200)
  await expect(ask(`${local.url}/api/logs`, trusted)).rejects.toThrow(/certificate required|ECONNRESET/)
})
