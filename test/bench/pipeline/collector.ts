// Counts spans and bytes; decoding is cheap enough, and in another process than what is measured.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import { tracesFromProtobuf } from "@clickstack/receiver"

let spans = 0
let bytes = 0
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const body = Buffer.concat(chunks)
    bytes += body.length
    spans += tracesFromProtobuf(
      request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body,
    ).length
    response.end()
  })
})
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }))
process.on("message", () => process.send!({ spans, bytes }))
