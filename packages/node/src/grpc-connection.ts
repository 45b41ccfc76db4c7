// A connection for gRPC: HTTP/2 over TCP, or over TLS where the server agrees to it. Like the HTTP transport's it keeps no
// process alive, which is what no gRPC library lets us have.
import type { ClientHttp2Session } from "node:http2"
import type { TLSSocket } from "node:tls"
import { connectionError } from "./connection-error.ts"
import { letProcessEnd } from "./let-process-end.ts"
import type { TlsFiles } from "./tls-files.ts"

// Not by an import, which would have them instrumented in an app that does not use them itself.
const http2 = process.getBuiltinModule("node:http2")
const net = process.getBuiltinModule("node:net")
const tls = process.getBuiltinModule("node:tls")

// In megabytes; Node's 10 are for servers that trust nobody. What we send is bounded by the queue.
const maxSessionMemory = 256

// In milliseconds. Load balancers forget idle connections after one minute or some, not all with a word: ours are gone
// before, or a request meets the closing, or waits for an answer until its deadline.
const longestIdle = 30_000

export interface GrpcConnection {
  /** Rejects with what stands in the way. */
  readonly session: Promise<GrpcSession>
  /** Says that somebody uses it, until what it returns is called. */
  readonly use: () => () => void
  readonly destroy: () => void
}

export interface GrpcSession {
  readonly http2: ClientHttp2Session
  /** The last stream that the server worked on, as it said when it went. */
  readonly lastTaken: () => number
  /** Whether the other side has said anything that is HTTP/2. */
  readonly hasSpoken: () => boolean
}

/** @param onOver Is called once nothing more can be sent on it. */
export function connectGrpc(
  url: URL,
  files: TlsFiles,
  onOver: () => void,
  idleTime: number = longestIdle,
): GrpcConnection {
  let users = 0
  let idle: NodeJS.Timeout | undefined
  const isSecure = url.protocol === "https:"
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const port = Number(url.port || (isSecure ? 443 : 80))
  // An address is no name that TLS could be asked for.
  const name = net.isIP(host) === 0 ? { servername: host } : {}
  const socket = isSecure
    ? tls.connect({ host, port, ALPNProtocols: ["h2"], ...name, ...files })
    : net.connect({ host, port })
  socket.once("close", () => {
    clearTimeout(idle)
    onOver()
  })

  const session = new Promise<GrpcSession>((resolve, reject) => {
    let isConnected = false
    socket.once("connect", () => (isConnected = true))
    const fail = (cause: unknown) => {
      const { code } = cause as { code?: string }
      const isInHandshake = isSecure && isConnected && code === "ECONNRESET"
      reject(
        connectionError(
          cause,
          isInHandshake
            ? "it ended the TLS handshake; does it speak TLS, or is it http:// instead?"
            : undefined,
        ),
      )
    }
    socket.on("error", fail)
    socket.once("close", () => fail({ code: "ECONNRESET" }))
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      const { alpnProtocol = false } = socket as Partial<TLSSocket>
      // A server that knows no ALPN may speak HTTP/2 all the same.
      if (alpnProtocol === false || alpnProtocol === "h2") return resolve(open())
      fail({ code: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL" })
      socket.destroy()
    })
  })
  session.catch(() => undefined) // whoever waits for it hears it

  function open(): GrpcSession {
    let lastTaken = Infinity
    let hasSpoken = false
    const opened = http2.connect(url, {
      createConnection: () => socket,
      maxSessionMemory,
      settings: { enablePush: false },
    })
    opened.on("error", () => undefined) // the calls hear it
    opened.once("close", onOver)
    opened.once("remoteSettings", () => (hasSpoken = true))
    opened.on("goaway", (_code, lastStream) => {
      lastTaken = lastStream
      onOver()
    })
    return { http2: opened, lastTaken: () => lastTaken, hasSpoken: () => hasSpoken }
  }

  function use(): () => void {
    users++
    clearTimeout(idle)
    const done = letProcessEnd(socket)
    return () => {
      done()
      if (--users === 0 && !socket.destroyed) idle = setTimeout(retire, idleTime).unref()
    }
  }

  function retire(): void {
    onOver()
    session.then(
      (opened) => opened.http2.close(),
      () => undefined,
    )
  }

  return {
    session,
    use,
    destroy: () => {
      onOver()
      socket.destroy()
    },
  }
}
