// What a request costs: the CPU time that a server's process takes for it, with each tool that traces it, and bare.
// `pnpm bench http [--node 24] [--rounds 7] [--requests 3000] [--rate 1000] [--only express,fastify] [--routes hello,span,real] [--peers ours,dd]`
// The tools are installed once, beside the system's temporary files. All servers of a table run at once and are asked
// in turn; the load and the sink, which takes what they send, are this process. The table has the medians, and the least,
// which other work on the machine disturbs less.
import { type ChildProcess, fork, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { npmInstall, pack } from "../../node/packed.ts"
import { nodeBinary } from "../../tools/node-matrix.mjs"
import { median, table } from "../report.ts"
import { serverSource } from "./app.ts"
import { type Load, openLoad, startDatabase } from "./load.ts"
import { appPackages, environment, type Peer, peers, upstreamPreload } from "./peers.ts"

const { values } = parseArgs({
  options: {
    node: { type: "string" },
    rounds: { type: "string", default: "7" },
    requests: { type: "string", default: "3000" },
    rate: { type: "string", default: "1000" },
    only: { type: "string", default: "express,fastify" },
    routes: { type: "string", default: "hello,span,real,paced" },
    peers: { type: "string", default: "" },
  },
})
const rounds = Number(values.rounds)
const requests = Number(values.requests)
const rate = Number(values.rate)
const node = values.node === undefined ? process.execPath : await nodeBinary(values.node)
const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()
const major = Number(/\d+/.exec(version)![0])
const cache = join(tmpdir(), "clickstack-bench-http", version)
const database = await startDatabase()
const children = new Set<ChildProcess>()
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")))

const titles: Record<string, string> = {
  hello: "hello JSON, nothing but what the tool traces by itself",
  span: "hello JSON with one span of the app's own inside",
  real: "a session, one query, two lines of pino",
  paced: `hello JSON with one span inside, ${rate} requests a second`,
}

const chosen = peers.filter(
  ({ name, oldest = 0, latest = Infinity, packages }) =>
    major >= oldest &&
    major <= latest &&
    (packages.length === 0 || values.peers.split(",").some((one) => name.includes(one))),
)

const directoryOf = ({ name }: Peer) => join(cache, name.replace(/[^\w.]+/g, "-").replace(/^-/, ""))

async function install(peer: Peer): Promise<void> {
  const directory = directoryOf(peer)
  const ours = peer.preload?.startsWith("@clickstack") === true
  if (!existsSync(join(directory, "installed"))) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, "package.json"), "{}")
    await npmInstall(directory, [...appPackages, ...peer.packages])
    writeFileSync(join(directory, "installed"), "")
  }
  if (ours) {
    const tarballs = join(cache, "tarballs")
    rmSync(tarballs, { recursive: true, force: true })
    mkdirSync(tarballs, { recursive: true })
    rmSync(join(directory, "node_modules", "@clickstack"), { recursive: true, force: true })
    await npmInstall(directory, [await pack(process.cwd(), "node", tarballs)])
  }
  writeFileSync(join(directory, "server.cjs"), serverSource)
  writeFileSync(join(directory, "upstream.cjs"), upstreamPreload)
}

/** Takes what a tool sends, and counts it. */
async function startSink() {
  let bytes = 0
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => (bytes += chunk.length))
    request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, bytes: () => bytes, close: () => server.close() }
}

interface Running {
  readonly peer: Peer
  readonly child: ChildProcess
  readonly load: Load
  readonly sink: Awaited<ReturnType<typeof startSink>>
  readonly costs: number[]
}

async function launch(peer: Peer, framework: string, route: string): Promise<Running> {
  const sink = await startSink()
  const { preload, span } = peer
  const esm = preload?.startsWith("@clickstack") === true || preload?.startsWith("@elastic") === true
  const child = fork(
    "server.cjs",
    [framework, route === "paced" ? "span" : route, span, String(database.port)],
    {
      cwd: directoryOf(peer),
      env: environment(sink.url),
      execPath: node,
      execArgv: preload === undefined ? [] : [esm ? "--import" : "--require", preload],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    },
  )
  children.add(child)
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  return { peer, child, sink, load: await openLoad(port), costs: [] }
}

/** Microseconds, of all its threads. */
async function cpuOf({ child }: Running): Promise<number> {
  child.send("cpu")
  const [{ cpu }] = (await once(child, "message")) as [{ cpu: NodeJS.CpuUsage }]
  return cpu.user + cpu.system
}

async function measure(framework: string, route: string): Promise<void> {
  const running: Running[] = []
  for (const peer of chosen) running.push(await launch(peer, framework, route))
  const count = route === "paced" ? rate : requests
  const ask = ({ load }: Running) => (route === "paced" ? load.pace(rate, count) : load.saturate(count))
  const warmUp = requests * 3 // until the compiler is done
  for (const one of running) await one.load.saturate(warmUp)
  const bytes = running.map(({ sink }) => sink.bytes())
  for (let round = 0; round < rounds; round++) {
    for (const one of running) {
      const before = await cpuOf(one)
      await ask(one)
      one.costs.push(((await cpuOf(one)) - before) / count)
    }
  }
  const bare = median(running[0]!.costs)
  const leastBare = Math.min(...running[0]!.costs)
  console.log(
    `\n${framework}, ${titles[route]}: Node ${version}, medians of ${rounds} times ${count} requests`,
  )
  const lines = running.map(({ peer, costs, sink }, index) => {
    const cost = median(costs)
    const least = Math.min(...costs)
    const sent = (sink.bytes() - bytes[index]!) / (rounds * count)
    return [
      peer.name,
      cost.toFixed(1),
      (cost / bare).toFixed(2),
      (cost - bare).toFixed(1),
      least.toFixed(1),
      (least / leastBare).toFixed(2),
      (least - leastBare).toFixed(1),
      sent.toFixed(0),
    ]
  })
  console.log(table(["", "CPU us", "times", "added", "least us", "times", "added", "bytes sent"], lines))
  for (const { child, load, sink } of running) {
    load.close()
    child.kill("SIGKILL")
    children.delete(child)
    sink.close()
  }
}

for (const peer of chosen) await install(peer)
for (const framework of values.only.split(",")) {
  for (const route of values.routes.split(",")) await measure(framework, route)
}
database.server.close()
