// Requests over HTTP in all its forms, both sides.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { certificate } from "../receiver/certificate.ts"
import { expectTraces } from "./traced-app.ts"

const directory = mkdtempSync(join(tmpdir(), "clickstack-https-"))
const file = (name: string) => join(directory, name)
const own = certificate("localhost", { hosts: ["localhost"] })
writeFileSync(file("key"), own.key)
writeFileSync(file("certificate"), own.cert)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

expectTraces(
  "http",
  `
  GET  client  200  http.method=GET  http.status_code=200
    GET  server  200  http.method=GET  http.status_code=200  url.path=/orders
  GET  client  404  error  http.method=GET  http.status_code=404
    GET  server  404  http.method=GET  http.status_code=404  url.path=/missing
  GET  client  500  error  http.method=GET  http.status_code=500
    GET  server  500  error  http.method=GET  http.status_code=500  url.path=/broken
  `,
)

expectTraces(
  "https",
  `
  GET  client  200
    GET  server  200
  `,
  { env: () => ({ KEY_FILE: file("key"), CERTIFICATE_FILE: file("certificate") }) },
)

expectTraces(
  "fetch",
  `
  GET  client  200
    GET  server  200
  `,
)

expectTraces(
  "undici",
  `
  POST  client  200
    POST  server  200
  `,
)

expectTraces(
  "http2",
  `
  GET  client  200
    GET  server  200  url.path=/orders
  `,
)

expectTraces(
  "grpc",
  `
  grpc.shop.Orders/Get  client  rpc.system=grpc  rpc.service=shop.Orders  rpc.method=Get
    grpc.shop.Orders/Get  server  rpc.system=grpc  rpc.service=shop.Orders  rpc.method=Get
  `,
)
