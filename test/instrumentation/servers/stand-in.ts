// What our own small servers share: they speak just enough of a protocol for one call to go through, over TCP.
import { createServer, type Socket } from "node:net"

export interface StandIn extends AsyncDisposable {
  readonly port: number
  /** Everything that was received, in order. */
  received(): Buffer
}

/** `answer` is given what has arrived and not been taken yet; it returns how many bytes it took, 0 to wait for more. */
export async function startStandIn(answer: (bytes: Buffer, socket: Socket) => number): Promise<StandIn> {
  const all: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0)
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => socket.destroy())
    socket.on("data", (chunk: Buffer) => {
      all.push(chunk)
      waiting = Buffer.concat([waiting, chunk])
      let taken = -1
      while (waiting.length > 0 && taken !== 0) {
        taken = answer(waiting, socket)
        waiting = waiting.subarray(taken)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    port: address.port,
    received: () => Buffer.concat(all),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
