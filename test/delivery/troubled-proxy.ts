// The testing kit's proxy, and one trouble more: a port that does not even take the first packet.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { startWireProxy, type Trouble } from "@clickstack/testing"

export interface TroubledProxy extends AsyncDisposable {
  readonly port: number
  become(trouble: Trouble | { readonly kind: "black hole" }): Promise<void>
}

export async function startTroubledProxy(target: () => number): Promise<TroubledProxy> {
  const proxy = await startWireProxy(target)
  let hole: BlackHole | undefined
  const closeHole = async () => {
    await hole?.close()
    hole = undefined
  }
  return {
    port: proxy.port,
    become: async (trouble) => {
      await closeHole()
      if (trouble.kind !== "black hole") return proxy.become(trouble)
      await proxy.become({ kind: "refuse" }) // so that the port is free
      hole = await openBlackHole(proxy.port)
    },
    [Symbol.asyncDispose]: async () => {
      await closeHole()
      await proxy.close()
    },
  }
}

interface BlackHole {
  close(): Promise<void>
}

const listener = `require("node:net").createServer().listen({ port: Number(process.argv[1]), host: "127.0.0.1", backlog: 1 },
  () => console.log("listening"))`

/** A process that listens, is stopped, and whose queue is full: the kernel then leaves further connects unanswered. */
async function openBlackHole(port: number): Promise<BlackHole> {
  const child = spawn(process.execPath, ["-e", listener, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await once(child.stdout, "data")
  child.kill("SIGSTOP")
  const queued: Socket[] = []
  for (let isFull = false; !isFull;) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined)
    queued.push(socket)
    isFull = await new Promise((resolve) => {
      socket.once("connect", () => resolve(false))
      setTimeout(() => resolve(true), 200).unref()
    })
  }
  return {
    close: async () => {
      for (const socket of queued) socket.destroy()
      child.kill("SIGKILL")
      await once(child, "close")
    },
  }
}
