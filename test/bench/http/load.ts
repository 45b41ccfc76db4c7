// Asks a server over kept connections, one request at a time on each, and knows when each answer is complete. Written
// on sockets, because a client costs more than the servers that are measured.
import { createServer, connect, type Server, type Socket } from "node:net"

export interface Load {
  /** As fast as the connections allow. */
  readonly saturate: (count: number) => Promise<void>
  /** So many a second. */
  readonly pace: (perSecond: number, count: number) => Promise<void>
  readonly close: () => void
}

const head = "\r\n\r\n"

export async function openLoad(port: number, connections = 16): Promise<Load> {
  const request = Buffer.from(
    [
      "GET /orders/1234 HTTP/1.1",
      "Host: shop.example",
      "User-Agent: bench/1.0",
      "Accept: application/json",
      "X-Session-Id: 5d1b1fa97c2f4bb0a6e8a0a8e4b6f0aa",
      "Cookie: theme=dark; lang=en",
    ].join("\r\n") + head,
  )
  let left = 0
  let answered = 0
  let wanted = 0
  let done: (() => void) | undefined
  let fail: ((error: Error) => void) | undefined
  const idle: Socket[] = []

  const ask = (socket: Socket) => {
    left--
    socket.write(request)
  }
  const answerOn = (socket: Socket) => {
    if (++answered === wanted) done?.()
    if (saturating && left > 0) ask(socket)
    else idle.push(socket)
  }
  let saturating = false
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => openConnection(port, answerOn, (error) => fail?.(error))),
  )
  idle.push(...sockets)

  const run = (count: number, begin: () => void) =>
    new Promise<void>((resolve, reject) => {
      answered = 0
      left = wanted = count
      done = resolve
      fail = reject
      begin()
    })

  return {
    saturate: (count) =>
      run(count, () => {
        saturating = true
        for (const socket of idle.splice(0, Math.min(idle.length, count))) ask(socket)
      }),
    pace: (perSecond, count) =>
      run(count, () => {
        saturating = false
        const started = performance.now()
        let sent = 0
        const timer = setInterval(() => {
          const due = Math.min(count, ((performance.now() - started) / 1000) * perSecond)
          while (sent < due && idle.length > 0) {
            ask(idle.shift()!)
            sent++
          }
          if (sent === count) clearInterval(timer)
        }, 1)
      }),
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** An answer has a Content-Length, as every one of these servers sends it. */
function openConnection(
  port: number,
  answered: (socket: Socket) => void,
  failed: (error: Error) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let rest = ""
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      socket.off("error", reject).on("error", failed)
      resolve(socket)
    })
    socket.once("error", reject)
    socket.on("end", () => failed(new Error("the server has closed a connection")))
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1")
      const end = rest.indexOf(head)
      if (end < 0) return
      const length = /content-length: (\d+)/i.exec(rest)
      if (!rest.startsWith("HTTP/1.1 200") || length === null) {
        return failed(new Error(`not the answer of the app:\n${rest.slice(0, 500)}`))
      }
      if (rest.length < end + head.length + Number(length[1])) return
      rest = ""
      answered(socket)
    })
  })
}

/** A PostgreSQL that has one answer: as much of its protocol as a simple query needs. */
export async function startDatabase(): Promise<{ server: Server; port: number }> {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length + 4)
    return Buffer.concat([Buffer.from(type), length, body])
  }
  const ready = message("Z", Buffer.from("I"))
  const integer = (value: number, bytes: number) => {
    const buffer = Buffer.alloc(bytes)
    buffer.writeIntBE(value, 0, bytes)
    return buffer
  }
  const column = (name: string) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      integer(0, 4), // no table
      integer(0, 2),
      integer(23, 4), // int4
      integer(4, 2),
      integer(-1, 4),
      integer(0, 2), // as text
    ])
  const field = (text: string) => Buffer.concat([integer(text.length, 4), Buffer.from(text)])
  const greeting = Buffer.concat([message("R", integer(0, 4)), ready])
  const answer = Buffer.concat([
    message("T", Buffer.concat([integer(2, 2), column("id"), column("total")])),
    message("D", Buffer.concat([integer(2, 2), field("7"), field("1999")])),
    message("C", Buffer.from("SELECT 1\0")),
    ready,
  ])
  const server = createServer((socket) => {
    let started = false
    socket.setNoDelay(true)
    socket.on("error", () => undefined)
    socket.on("data", (chunk) => {
      if (started && chunk[0] === "Q".charCodeAt(0)) return socket.write(answer)
      if (started) return socket.end() // a goodbye
      started = true
      return socket.write(greeting)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { server, port: (server.address() as { port: number }).port }
}
