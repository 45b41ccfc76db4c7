// What a line costs that is logged with pino or the console: the library alone, with upstream's emit or instrumentation
// beside it, and with ours; until it is delivered, as CPU time of the app. Processes run in turn, one of each per round.
import { spawn } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { median, table } from "../report.ts"

const rounds = Number(process.argv[2] ?? 7)
const lines = 60_000
const app = fileURLToPath(new URL("logs/app.js", import.meta.url))
const upstreamsEmit = "upstream's emit"
const ways = {
  pino: ["alone", upstreamsEmit, "upstream's instrumentation", "ours"],
  console: ["alone", upstreamsEmit, "ours"],
} as const

async function benchLogs(): Promise<string> {
  const server = createServer((request, response) => request.resume().on("end", () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const all = Object.entries(ways).flatMap(([library, list]) =>
    list.map((way) => ({ library, way, took: [] as number[] })),
  )
  for (let round = 0; round < rounds; round++) {
    for (const { library, way, took } of all) took.push(await runOnce(library, way, url))
  }
  server.close()
  server.closeAllConnections()
  const microseconds = (library: string, way: string) =>
    median(all.find((one) => one.library === library && one.way === way)!.took)
  return table(
    ["library", "with", "us a line", "against the library with upstream's emit"],
    all.map(({ library, way }) => {
      const cost = microseconds(library, way)
      return [library, way, cost.toFixed(2), (cost / microseconds(library, upstreamsEmit)).toFixed(2)]
    }),
  )
}

function runOnce(library: string, way: string, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [app, library, way, url, String(lines)], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"], CLICKSTACK_SPOOL: "false", CLICKSTACK_LOG_LEVEL: "none" },
    })
    let printed = ""
    child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    child.on("error", reject)
    child.on("close", () => {
      const cost = Number(printed.trim())
      if (cost > 0) resolve(cost)
      else reject(new Error(`${library} ${way}: ${printed}`))
    })
  })
}

console.log(await benchLogs())
