// A TCP proxy that can refuse, reset, stall, throttle and drip what passes, and change how while it runs: a network to
// put between a sender and whatever it sends to.
import { createServer, type Server, type Socket, connect } from "node:net"
import { TestingError } from "../errors.ts"

/**
 * refuse: nothing listens. reset: the connection is cut, at once or once so many bytes have come from the client, or
 * when the answer begins. stall: connected, and nothing passes. slow: the client's bytes pass at that rate, drip: the
 * server's.
 */
export type Trouble =
  | { readonly kind: "none" }
  | { readonly kind: "refuse" }
  | { readonly kind: "reset"; readonly after: number | "answer" }
  | { readonly kind: "stall" }
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  | { readonly kind: "drip"; readonly bytesPerSecond: number }

export interface WireProxy extends AsyncDisposable {
  /** Where it listens: for whoever sends. */
  readonly url: string
  readonly port: number
  /** How many connections there were. */
  readonly connections: () => number
  /** Cuts what is connected, and treats what connects from now on like that. */
  become(trouble: Trouble): Promise<void>
  close(): Promise<void>
}

const kinds = ["none", "refuse", "reset", "stall", "slow", "drip"]
const tick = 50 // milliseconds
const lowest = 20_000
const highest = 32_000 // Linux hands out ports from 32,768, macOS and Windows from 49,152

/** @param target The URL or port on this machine that it passes everything on to; a function is asked each time. */
export async function startWireProxy(target: string | URL | number | (() => number)): Promise<WireProxy> {
  const to = addressOf(target)
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
    const { host, port } = to()
    // Else small frames wait for the other side's delayed acknowledgement: HTTP/2 took ten times as long.
    const upstream = connect({ port, host, noDelay: true })
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

  function trickle(from: Socket, into: Socket, bytesPerSecond: number): void {
    const share = Math.max(1, Math.floor((bytesPerSecond * tick) / 1000))
    const every = Math.max(tick, 1000 / bytesPerSecond)
    const timer = setInterval(() => {
      const chunk = from.read(Math.min(share, from.readableLength || share)) as Buffer | null
      if (chunk !== null) into.write(chunk)
    }, every)
    timers.add(timer)
    from.on("close", () => {
      clearInterval(timer)
      timers.delete(timer)
    })
  }

  async function listen(port: number): Promise<void> {
    const opening = createServer({ noDelay: true }, accept)
    await new Promise<void>((resolve, reject) => {
      opening.once("error", reject).listen(port, "127.0.0.1", resolve)
    })
    server = opening
  }

  /** One that nobody else is given while it is refused: systems hand out higher ones. */
  async function listenSomewhere(): Promise<number> {
    for (let tries = 0; ; tries++) {
      const port = lowest + Math.floor(Math.random() * (highest - lowest))
      try {
        await listen(port)
        return port
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || tries === 100) throw error
      }
    }
  }

  function cut(): void {
    for (const socket of open) socket.destroy()
  }

  const port = await listenSomewhere()
  const close = async () => {
    cut()
    for (const timer of timers) clearInterval(timer)
    const closing = server
    server = undefined
    await new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())))
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    become: async (next) => {
      if (!kinds.includes(next.kind)) {
        throw new TestingError(
          "WRONG_OPTION",
          `become: there is no trouble "${next.kind}"; there are: ${kinds.join(", ")}`,
        )
      }
      trouble = next
      cut()
      if (next.kind === "refuse" && server !== undefined) {
        const closing = server
        server = undefined
        await new Promise<void>((resolve) => closing.close(() => resolve()))
      } else if (next.kind !== "refuse" && server === undefined) await listen(port)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function addressOf(target: string | URL | number | (() => number)): () => { host: string; port: number } {
  const host = "127.0.0.1"
  if (typeof target === "function") return () => ({ host, port: target() })
  if (typeof target === "number") return () => ({ host, port: target })
  const url = new URL(target)
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80)
  return () => ({ host: url.hostname.replace(/^\[|\]$/g, ""), port })
}
