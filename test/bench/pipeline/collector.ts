// Counts spans and bytes, over HTTP or gRPC (by hand, so that a message is seen as it came); decoding is cheap enough, and
// in another process than what is measured.
import { createServer } from "node:http"
import { createServer as createHttp2Server } from "node:http2"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import { tracesFromProtobuf } from "@clickstack/receiver"

let spans = 0
let bytes = 0

function take(body: Buffer, isCompressed: boolean): void {
  bytes += body.length
  spans += tracesFromProtobuf(isCompressed ? gunzipSync(body) : body).length
}

function read(stream: NodeJS.ReadableStream, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  stream.on("data", (chunk: Buffer) => chunks.push(chunk))
  stream.on("end", () => done(Buffer.concat(chunks)))
}

const overHttp = () =>
  createServer((request, response) =>
    read(request, (body) => {
      take(body, request.headers["content-encoding"] === "gzip")
      response.end()
    }),
  )

const overGrpc = () =>
  createHttp2Server().on("stream", (stream) =>
    read(stream, (frame) => {
      take(frame.subarray(5), frame[0] === 1)
      stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
      stream.end(Buffer.alloc(5))
    }),
  )

const server = process.argv[2] === "grpc" ? overGrpc() : overHttp()
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }))
process.on("message", () => process.send!({ spans, bytes }))
