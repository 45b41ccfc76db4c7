// What a collector usually has beside OTLP over HTTP: gRPC, and a page that says whether it is well.
import { connect } from "node:net"
import { type Check, ok, skipped, warning } from "./check.ts"

const usualPorts = { grpc: 4317, health: 13133 }
const timeoutMs = 3_000

/** Neither has to be there, so nothing here fails. */
export function checkNeighbours(url: URL, ports: typeof usualPorts = usualPorts): Promise<Check[]> {
  return Promise.all([checkGrpc(url, ports.grpc), checkHealth(url, ports.health)])
}

async function checkGrpc({ hostname }: URL, port: number): Promise<Check> {
  const where = `${hostname}:${port}`
  const open = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port, timeout: timeoutMs })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.on("connect", () => end(true))
    socket.on("error", () => end(false))
    socket.on("timeout", () => end(false))
  })
  return open
    ? ok("grpc port", `${where} takes connections`)
    : skipped("grpc port", `${where} takes no connections; only OTLP over gRPC needs it`)
}

async function checkHealth({ hostname }: URL, port: number): Promise<Check> {
  const where = `http://${hostname}:${port}/`
  try {
    const { status } = await fetch(where, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) })
    if (status === 200) return ok("health", `${where} says that the collector is well`)
    return warning(
      "health",
      `${where} answers ${status}: the collector is not ready`,
      "see the collector's log; it may be starting, or an exporter of its own may fail",
    )
  } catch {
    return skipped("health", `nothing answers at ${where}, where a collector tells how it is`)
  }
}
