// OTLP as OpenTelemetry exporters, one for each signal: what is encoded already is put together, what is not goes
// through OpenTelemetry's own serializer; the transport is ours.
import type { ExportResult } from "@opentelemetry/core"
import { type Authorization } from "./api-key.ts"
import { createRequire } from "./builtins.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"
import { failed, success } from "./destinations.ts"
import type { Transport } from "./http-transport.ts"
import { type EncodedItem } from "./otlp/encoded-item.ts"
import { encodeRequest } from "./otlp/export-request.ts"
import { decodeResponse, type PartialSuccess } from "./otlp/export-response.ts"
import { upstreamCodec } from "./otlp/upstream-codec.ts"
import type { Signal } from "./signals.ts"
import type { Say } from "./stderr.ts"

const require = createRequire(import.meta.url)

export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
  /** Ends the exports that are under way. */
  abort?(): void
}

export function createOtlpExporter<Items>(
  signal: Signal,
  connection: ConnectionConfig,
  authorization: Authorization,
  say: Say,
): Exporter<Items> {
  const encoding = connection.protocol === "http/json" ? "json" : "protobuf"
  let codec: ReturnType<typeof upstreamCodec> | undefined
  const upstream = () => (codec ??= upstreamCodec(signal, encoding))
  let transport: Promise<Transport> | undefined
  const open = async () => openTransport(signal, connection, authorization)

  async function send(items: Items): Promise<number> {
    const encoded = areEncoded(items)
    const body = encoded ? encodeRequest(items) : encode(items)
    transport ??= open()
    const answer = await (await transport).send(body, encoded ? "protobuf" : undefined)
    return rejectedBy(answer, encoded ? decodeResponse : upstream().decode)
  }

  function encode(items: Items): Uint8Array {
    try {
      const body = upstream().encode(items)
      if (body !== undefined) return body
    } catch (cause) {
      throw new ClickstackError("DELIVERY_FAILED", `${signal} cannot be encoded as OTLP: ${String(cause)}`, {
        cause,
      })
    }
    throw new ClickstackError("DELIVERY_FAILED", `${signal} cannot be encoded as OTLP`)
  }

  /** How many were rejected; never a reason to send again, since the rest was taken. */
  function rejectedBy(answer: Uint8Array, decode: (answer: Uint8Array) => PartialSuccess): number {
    if (answer.byteLength === 0) return 0
    try {
      const { rejected, message } = decode(answer)
      if (rejected > 0) {
        say(
          "warn",
          `${signal} partial`,
          `${connection.endpoint} rejected ${rejected} of the ${signal}: ${message}`,
        )
      }
      return rejected
    } catch {
      return 0 // taken, whatever the server wrote about it
    }
  }

  return {
    export: (items, done) => {
      send(items).then(
        (rejected) => done({ code: success, rejected } as ExportResult),
        (error: Error) => done({ code: failed, error }),
      )
    },
    abort: () => void transport?.then((opened) => opened.abort()).catch(() => undefined),
    forceFlush: () => Promise.resolve(),
    shutdown: async () => {
      const opened = await transport?.catch(() => undefined)
      opened?.close()
    },
  }
}

/** Loads what speaks the protocol, and not what speaks the other: node:http2 is 8 ms. */
function openTransport(
  signal: Signal,
  connection: ConnectionConfig,
  authorization: Authorization,
): Transport {
  if (connection.protocol === "grpc") {
    const grpc = require("./grpc-transport.js") as typeof import("./grpc-transport.ts")
    return grpc.createGrpcTransport(signal, connection, authorization)
  }
  const http = require("./http-transport.js") as typeof import("./http-transport.ts")
  return http.createHttpTransport(connection, authorization)
}

const areEncoded = (items: unknown): items is EncodedItem[] =>
  Array.isArray(items) && (items[0] as Partial<EncodedItem> | undefined)?.slab !== undefined
