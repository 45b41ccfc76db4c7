// Bytes that no exporter would send: bombs, broken protobuf, gRPC frames by hand.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2"
import { gzipSync } from "node:zlib"

const MiB = 1024 * 1024

/** About a megabyte of gzip, in members, that grows to a gigabyte of zeroes. */
export function gzipBomb(): Buffer {
  const member = gzipSync(Buffer.alloc(64 * MiB), { level: 9 })
  return Buffer.concat(Array.from({ length: 16 }, () => member))
}

export function varint(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

/** A protobuf field of wire type 2. */
export const field = (number: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]), content])
}

/** A request of one span with one attribute, which is a list in a list, as deep as asked. */
export function nestedSpan(depth: number): Buffer {
  let value = field(1, Buffer.from("x"))
  for (let i = 0; i < depth; i++) value = field(5, field(1, value))
  const attribute = field(9, Buffer.concat([field(1, Buffer.from("k")), field(2, value)]))
  return field(1, field(2, field(2, attribute)))
}

/** One gRPC message frame: a flag for compression, the length, the message. */
export function frame(message: Uint8Array, { compressed = false, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(compressed ? 1 : 0, 0)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, message])
}

/** A call by hand, whose sender does as it likes. */
export function openCall(
  grpcUrl: string,
  headers: Record<string, string> = {},
): { session: ClientHttp2Session; stream: ClientHttp2Stream } {
  const session = connect(grpcUrl)
  session.on("error", () => {})
  const stream = session.request({
    ":method": "POST",
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  })
  stream.on("error", () => {})
  return { session, stream }
}

/** Sends these bytes as the body of a call, without grpc-js, and returns its grpc-status or what ended it. */
export function rawCall(
  grpcUrl: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<string> {
  const { session, stream } = openCall(grpcUrl, headers)
  return new Promise<string>((resolve) => {
    session.on("error", (error) => resolve(error.message))
    const done = (fields: IncomingHttpHeaders) => {
      const status = fields["grpc-status"]
      if (typeof status === "string") resolve(status)
    }
    stream.on("response", done).on("trailers", done)
    stream.on("error", (error) => resolve(error.message))
    stream.on("close", () => resolve("closed"))
    stream.resume().end(body)
  }).finally(() => session.destroy())
}
