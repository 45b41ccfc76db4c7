// A TCP proxy that can refuse, reset, stall, throttle and drip what passes, and change how while it runs.
import { createServer, type Server, type Socket, connect } from "node:net"
import type { AddressInfo } from "node:net"

/**
 * refuse: nothing listens. reset: the connection is cut, at once or once so many bytes have come from the client, or
 * when the answer begins. stall: connected, and nothing passes. slow: the client's bytes pass at that rate, drip: the
 * server's.
 */
export type Trouble =
  | { kind: "none" }
  | { kind: "refuse" }
  | { kind: "reset"; after: number | "answer" }
  | { kind: "stall" }
  | { kind: "slow"; bytesPerSecond: number }
  | { kind: "drip"; bytesPerSecond: number }

export interface TroubledProxy extends AsyncDisposable {
  readonly url: string
  readonly connections: () => number
  become(trouble: Trouble): Promise<void>
}

const tick = 50 // milliseconds

export async function startTroubledProxy(target: () => number): Promise<TroubledProxy> {
  let trouble: Trouble = { kind: "none" }
  let server: Server | undefined
  let connections = 0
  const open = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()

  function accept(client: Socket): void {
    connections++
    open.add(client)
    client.on("error", () => undefined)
    client.on("close", () => open.delete(client))
    const now = trouble
    if (now.kind === "stall") return
    if (now.kind === "reset" && now.after === 0) return void client.resetAndDestroy()
    const upstream = connect(target(), "127.0.0.1")
    open.add(upstream)
    upstream.on("error", () => client.destroy())
    upstream.on("close", () => {
      open.delete(upstream)
      client.end()
    })
    client.on("close", () => upstream.destroy())
    let seen = 0
    if (now.kind === "slow") trickle(client, upstream, now.bytesPerSecond)
    else {
      client.on("data", (chunk: Buffer) => {
        seen += chunk.length
        if (now.kind === "reset" && typeof now.after === "number" && seen >= now.after) {
          client.resetAndDestroy()
        } else upstream.write(chunk)
      })
    }
    if (now.kind === "drip") trickle(upstream, client, now.bytesPerSecond)
    else {
      upstream.on("data", (chunk: Buffer) => {
        if (now.kind === "reset" && now.after === "answer") client.resetAndDestroy()
        else client.write(chunk)
      })
    }
  }

  function trickle(from: Socket, to: Socket, bytesPerSecond: number): void {
    const share = Math.max(1, Math.floor((bytesPerSecond * tick) / 1000))
    const every = Math.max(tick, 1000 / bytesPerSecond)
    const timer = setInterval(() => {
      const chunk = from.read(Math.min(share, from.readableLength || share)) as Buffer | null
      if (chunk !== null) to.write(chunk)
    }, every)
    timers.add(timer)
    from.on("close", () => clearInterval(timer))
  }

  async function listen(port: number): Promise<number> {
    server = createServer({ pauseOnConnect: false }, accept)
    await new Promise<void>((resolve) => server!.listen(port, "127.0.0.1", resolve))
    return (server.address() as AddressInfo).port
  }

  function cut(): void {
    for (const socket of open) socket.destroy()
  }

  const port = await listen(0)
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    become: async (next) => {
      trouble = next
      cut()
      if (next.kind === "refuse" && server !== undefined) {
        const closing = server
        server = undefined
        await new Promise<void>((resolve) => closing.close(() => resolve()))
      } else if (next.kind !== "refuse" && server === undefined) await listen(port)
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      for (const timer of timers) clearInterval(timer)
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
    },
  }
}
