// The child process: the engine and its HTTP server, told by the parent over IPC what to do. It ends with its parent,
// however that ends, because the channel then closes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Call, Commands, Reply, Started, StartOptions } from "./commands.ts"
import { type Engine, openEngine } from "./engine.ts"
import { createFaults } from "./faults.ts"
import { createRequestLog } from "./request-log.ts"
import { type ClickHouseServer, startServer } from "./server.ts"

const faults = createFaults()
const log = createRequestLog()
let temporary: string | undefined
let engine: Engine | undefined
let server: ClickHouseServer | undefined

const commands: Commands = {
  start,
  arm: (id, fault) => faults.arm(id, fault),
  clear: (id) => faults.clear(id),
  hits: (id) => faults.hits(id),
  refuse: async () => server?.refuse(),
  accept: async () => server?.accept(),
  requests: () => log.all(),
  forget: () => log.clear(),
}

process.on("message", (call: Call) => void obey(call))
// A terminal sends its signals to the whole group; the parent decides when this ends.
process.on("SIGINT", () => undefined)
process.on("SIGTERM", () => void end())
process.on("disconnect", () => void end())

async function obey({ id, name, args }: Call): Promise<void> {
  const command: (...args: any[]) => unknown = commands[name]
  try {
    reply({ id, result: await command(...args) })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && "code" in error ? error.code : ""
    reply({ id, failure: { code: typeof code === "string" ? code : "", message } })
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message)
}

async function start(options: StartOptions): Promise<Started> {
  // Found missing before a directory is made.
  createRequire(import.meta.url).resolve("chdb")
  const directory = options.directory ?? (temporary = mkdtempSync(join(tmpdir(), "clickstack-clickhouse-")))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  engine = await openEngine(directory)
  if (options.database !== "default") await engine.createDatabase(options.database)
  server = await startServer({ ...options, engine, faults, log, running: new Set() })
  return { port: server.port, version: engine.version, directory }
}

/** Stops serving, then the engine, then removes what is temporary; at most for as long as the parent would wait. */
async function end(): Promise<void> {
  setTimeout(leave, 4_000)
  faults.clear()
  await server?.close()
  await engine?.close().catch(() => undefined)
  leave()
}

function leave(): void {
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  // Not process.exit(): it runs the engine's own exit handlers, which wait for threads that may never end.
  process.kill(process.pid, "SIGKILL")
}
