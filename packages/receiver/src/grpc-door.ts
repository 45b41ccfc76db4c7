// OTLP/gRPC: the Export method of the three collector services, and grpc.health.v1.Health/Check.
//
// The sockets are ours (accepted, counted, closed here) and are handed to grpc-js, which speaks HTTP/2 on them. An
// interceptor sees a call's metadata before its message is read, so that a caller without a token costs nothing.
import type { Http2Stream } from "node:http2"
import { createServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import type * as Grpc from "@grpc/grpc-js"
import type { Door, DoorParts } from "./http-door.ts"
import { listen } from "./listen.ts"
import { ReceiverError, receiverError } from "./receiver-error.ts"
import { grpcCode, statusMessage, successBody, wellFormed } from "./reply.ts"
import { type Signal, signalNames, signals } from "./signals.ts"
import { tlsOptions } from "./tls-options.ts"
import { trackConnections } from "./track-connections.ts"

/** Calls of which the message is still arriving, per request that a sink may have at once. */
const RECEIVING_PER_REQUEST = 4

/** A caller that ignores its refusal loses its connection after this. */
const GRACE_MILLIS = 1_000

/** HTTP/2's code for a stream that is given up. */
const CANCEL = 8

const HEALTH = "grpc.health.v1.Health"

/** HealthCheckResponse `1: SERVING`. */
const HEALTHY = Buffer.from([0x08, 0x01])

export async function openGrpcDoor(port: number, parts: DoorParts): Promise<Door> {
  const { config, access, admission, counters, takeExport } = parts
  const { limits } = config
  const grpc = await import("@grpc/grpc-js")
  const sockets = new Map<string, Socket>()
  let receiving = 0
  let closing = false

  const server = new grpc.Server({
    "grpc.max_receive_message_length": limits.bodyBytes,
    "grpc.max_connection_idle_ms": limits.idleTimeoutMillis,
    "grpc.max_concurrent_streams": 100,
    interceptors: [guard],
  })

  /** Checks a call by its metadata, gives its message a time limit, and counts its bytes as they come. */
  function guard(
    method: Grpc.ServerMethodDefinition<unknown, unknown>,
    call: Grpc.ServerInterceptingCallInterface,
  ) {
    const stream = streamOf(call)
    const lease = admission.lease()
    let timer: NodeJS.Timeout | undefined
    let gone = false
    const arrived = () => {
      if (timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      receiving--
    }
    const refuse = (cause: unknown) => {
      const signal = signalNames.find((name) => method.path.includes(signals[name].service))
      if (signal !== undefined) counters[signal].refused++
      call.sendStatus(statusOf(receiverError(cause)))
    }
    /** False when there is no room: then the call is refused, and what came of it counts until its stream is closed. */
    const hold = (bytes: number): boolean => {
      try {
        lease.take(bytes)
        return true
      } catch (error) {
        gone = true
        arrived()
        refuse(error)
        setTimeout(() => stream?.close(CANCEL), GRACE_MILLIS).unref()
        return false
      }
    }
    const count = () => {
      stream?.once("close", () => lease.release())
      stream?.on("data", (chunk: Buffer) => {
        if (!gone) hold(chunk.length)
      })
    }
    const listener: Grpc.ServerListener = {
      onReceiveMetadata(metadata, next) {
        admit(method.path, call.getHost(), metadata).then(
          () => {
            if (gone) return
            receiving++
            timer = setTimeout(() => {
              arrived()
              refuse(
                new ReceiverError("TIMEOUT", `the message did not arrive in ${limits.bodyTimeoutMillis} ms`),
              )
              const { remoteAddress, remotePort } = call.getConnectionInfo()
              const socket = sockets.get(`${remoteAddress} ${remotePort}`)
              setTimeout(() => socket?.destroy(), GRACE_MILLIS).unref()
            }, limits.bodyTimeoutMillis)
            count()
            next(metadata)
          },
          (error: unknown) => refuse(error),
        )
      },
      onReceiveMessage(message: unknown, next) {
        // Decompressed now. It is nobody's until the caller says that it was all, which may never be.
        lease.release()
        if (hold((message as Buffer).length)) next(message)
      },
      onReceiveHalfClose(next) {
        arrived()
        lease.release()
        next()
      },
      onCancel() {
        gone = true
        arrived()
      },
    }
    return new grpc.ServerInterceptingCall(call, { start: (next) => next(listener) })
  }

  async function admit(path: string, host: string, metadata: Grpc.Metadata): Promise<void> {
    access.host(host)
    access.origin(field(metadata, "origin"))
    if (path.startsWith(`/${HEALTH}/`)) return
    await access.token(field(metadata, "authorization"))
    if (closing) throw new ReceiverError("CLOSING", "this receiver is closing; nothing was taken")
    if (receiving < limits.requests * RECEIVING_PER_REQUEST) return
    throw new ReceiverError("OVERLOADED", "too many requests are arriving; nothing was taken", {
      retryAfter: limits.retryAfterSeconds,
    })
  }

  function statusOf(error: ReceiverError): Grpc.StatusObject {
    const code = grpcCode(error)
    const details = wellFormed(error.message)
    const metadata = new grpc.Metadata()
    metadata.set("grpc-status-details-bin", statusMessage(code, details, error.retryAfter))
    return { code, details, metadata }
  }

  async function take(signal: Signal, call: Grpc.ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> {
    const lease = admission.lease()
    try {
      lease.take(call.request.length)
      const partial = await takeExport({
        signal,
        protocol: "grpc",
        encoding: "protobuf",
        body: call.request,
        headers: plainHeaders(call.metadata),
        remoteAddress: call.getPeer().replace(/:\d+$/, ""),
      })
      counters[signal].accepted++
      return successBody(signal, partial, "protobuf")
    } catch (cause) {
      counters[signal].refused++
      throw cause
    } finally {
      lease.release()
    }
  }

  for (const signal of signalNames) {
    if (config.sinks[signal] === undefined) continue
    server.addService(
      { Export: unary(signals[signal].service, "Export") },
      {
        Export: (call: Grpc.ServerUnaryCall<Buffer, Buffer>, done: Grpc.sendUnaryData<Buffer>) => {
          take(signal, call).then(
            (body) => done(null, body),
            (cause: unknown) => done(statusOf(receiverError(cause))),
          )
        },
      },
    )
  }
  server.addService(
    { Check: unary(HEALTH, "Check") },
    { Check: (_call: unknown, done: Grpc.sendUnaryData<Buffer>) => done(null, HEALTHY) },
  )

  // TLS ends at our own server, so grpc-js sees a plain stream in both cases.
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure())
  const onSocket = (socket: Socket) => {
    const peer = `${socket.remoteAddress} ${socket.remotePort}`
    sockets.set(peer, socket)
    socket.on("close", () => sockets.delete(peer))
    socket.on("error", () => socket.destroy())
    injector.injectConnection(socket)
  }
  const listener: Server = config.tls
    ? createTlsServer({ ...tlsOptions(config.tls, limits), ALPNProtocols: ["h2"] }, onSocket)
    : createServer(onSocket)
  listener.maxConnections = limits.connections
  const connections = trackConnections(listener)

  const bound = await listen(listener, port, config.host, "grpcPort")
  let closed: Promise<void> | undefined
  return {
    port: bound,
    close: () => {
      closing = true
      return (closed ??= closeAll())
    },
  }

  /**
   * grpc-js asks every client to end its connection when its calls are through. That they have is seen at the sockets:
   * on Node.js 24 its own callback comes before the calls are.
   */
  function closeAll(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        server.forceShutdown()
        for (const socket of connections) socket.destroy()
      }, limits.closeTimeoutMillis)
      listener.close(() => {
        clearTimeout(timer)
        resolve()
      })
      server.tryShutdown(() => {})
    })
  }
}

/** grpc-js keeps it to itself, and nothing else says how much of a message has come. */
const streamOf = (call: Grpc.ServerInterceptingCallInterface): Http2Stream | undefined =>
  (call as { stream?: Http2Stream }).stream

const identity = (bytes: Buffer) => bytes

const unary = (service: string, method: string) => ({
  path: `/${service}/${method}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
})

const field = (metadata: Grpc.Metadata, name: string) => metadata.get(name)[0]?.toString()

function plainHeaders(metadata: Grpc.Metadata): Record<string, string> {
  const { authorization: _secret, cookie: _also, ...plain } = metadata.getMap()
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, value.toString()]))
}
