// What it costs to start: an app that does nothing, plain and with each SDK preloaded, as CommonJS and as ES module.
// `pnpm bench startup [--node 24] [--rounds 11]`. The peers are installed once, beside the system's temporary files.
// Processes run in turn, one of each kind per round; the table has the medians.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { npmInstall, pack } from "../../node/packed.ts"
import { median, table } from "../report.ts"
import { nodeBinary } from "../../tools/node-matrix.mjs"

interface Peer {
  name: string
  packages: string[]
  cjs: string[]
  esm?: string[]
}

const { values } = parseArgs({
  options: { node: { type: "string" }, rounds: { type: "string", default: "11" } },
})
const node = values.node === undefined ? process.execPath : await nodeBinary(values.node)
const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()
const is20 = version.startsWith("v20.")
const cache = join(tmpdir(), "clickstack-bench-startup", version)
const nowhere = "http://127.0.0.1:9" // nothing leaves this machine

const preload = (script: string) => ({ cjs: ["--require", script], esm: ["--import", script] })
const otel2 = [
  "api@1.9.1",
  "api-logs@0.223.0",
  "instrumentation@0.223.0",
  "resources@2.12.0",
  "sdk-logs@0.223.0",
  "sdk-metrics@2.12.0",
  "sdk-trace-base@2.12.0",
]
const peers: Peer[] = [
  { name: "bare Node", packages: [], cjs: [], esm: [] },
  { name: "@clickstack/node", packages: [], ...preload("@clickstack/node/register") },
  {
    name: "@clickstack/node, --import for both",
    packages: [],
    cjs: ["--import", "@clickstack/node/register"],
  },
  {
    name: "@vercel/otel 2.1.3",
    packages: ["@vercel/otel@2.1.3", ...otel2.map((name) => `@opentelemetry/${name}`)],
    ...preload("./vercel.cjs"),
  },
  {
    name: is20 ? "dd-trace 5.132.0" : "dd-trace 6.21.0",
    packages: [is20 ? "dd-trace@5.132.0" : "dd-trace@6.21.0"],
    cjs: ["--require", "dd-trace/init"],
    esm: ["--import", "dd-trace/initialize.mjs"],
  },
  {
    name: "@sentry/node 10.78.0",
    packages: ["@sentry/node@10.78.0"],
    cjs: ["--require", "@sentry/node/init"],
    esm: ["--import", "@sentry/node/init"],
  },
  {
    name: "upstream auto-instrumentations 0.81.2",
    packages: ["@opentelemetry/api@1.9.1", "@opentelemetry/auto-instrumentations-node@0.81.2"],
    ...preload("@opentelemetry/auto-instrumentations-node/register"),
  },
  {
    name: is20 ? "@hyperdx/node-opentelemetry 0.10.5" : "@hyperdx/node-opentelemetry 0.11.0",
    packages: [is20 ? "@hyperdx/node-opentelemetry@0.10.5" : "@hyperdx/node-opentelemetry@0.11.0"],
    ...preload("@hyperdx/node-opentelemetry/build/src/tracing"),
  },
]

// The app tells what it used when it ends, which it does at once, whatever timers an SDK holds.
const report = `const { cpuUsage, resourceUsage, exit } = process
const { user, system } = cpuUsage()
writeSync(1, JSON.stringify({ cpu: (user + system) / 1000, memory: resourceUsage().maxRSS / 1024}))
exit(0)
`
const files: Record<string, string> = {
  "app.cjs": `const { writeSync } = require("node:fs")\n${report}`,
  "app.mjs": `import { writeSync } from "node:fs"\n${report}`,
  "span.cjs": `require("@opentelemetry/api").trace.getTracer("bench").startSpan("first").end()\nconst { writeSync } = require("node:fs")\n${report}`,
  "span.mjs": `import { trace } from "@opentelemetry/api"\nimport { writeSync } from "node:fs"\ntrace.getTracer("bench").startSpan("first").end()\n${report}`,
  "vercel.cjs": `require("@vercel/otel").registerOTel({ serviceName: "bench" })\n`,
}
const env = {
  PATH: process.env["PATH"],
  HOME: "",
  OTEL_EXPORTER_OTLP_ENDPOINT: nowhere,
  OTEL_SERVICE_NAME: "bench",
  OTEL_LOG_LEVEL: "none",
  HYPERDX_API_KEY: "none",
  HYPERDX_STARTUP_LOGS: "false",
  SENTRY_DSN: "http://key@127.0.0.1:9/1",
  DD_TRACE_AGENT_URL: nowhere,
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
  DD_REMOTE_CONFIGURATION_ENABLED: "false",
  DD_TRACE_STARTUP_LOGS: "false",
}

const ours = join(cache, "clickstack")
async function installAll(): Promise<void> {
  const root = process.cwd()
  rmSync(ours, { recursive: true, force: true })
  mkdirSync(ours, { recursive: true })
  const tarball = await pack(root, "node", ours)
  await npmInstall(ours, [tarball, "@opentelemetry/api@1.9.1"])
  for (const peer of peers) {
    const directory = directoryOf(peer)
    mkdirSync(directory, { recursive: true })
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
    if (peer.packages.length > 0 && !existsSync(join(directory, "node_modules"))) await installPeer(peer)
  }
}
/** A peer that cannot be installed, such as one that this Node is too old for, leaves its row empty. */
async function installPeer(peer: Peer): Promise<void> {
  try {
    await npmInstall(directoryOf(peer), peer.packages)
  } catch (error) {
    console.log(`${peer.name} cannot be installed: ${String(error).slice(0, 300)}`)
  }
}

const directoryOf = ({ name, packages }: Peer) =>
  packages.length === 0 ? ours : join(cache, name.replace(/[^\w.]+/g, "-").replace(/^-/, ""))

/** Times in milliseconds, memory in MB. */
interface Cost {
  wall: number
  cpu: number
  memory: number
}

function start(peer: Peer, options: string[], app: string): Cost | undefined {
  const started = performance.now()
  const { status, stdout } = spawnSync(node, [...options, app], {
    cwd: directoryOf(peer),
    env,
    encoding: "utf8",
  })
  const wall = performance.now() - started
  const line = stdout.slice(stdout.lastIndexOf('{"cpu"'))
  return status === 0 && line.startsWith("{")
    ? { wall, ...(JSON.parse(line) as Omit<Cost, "wall">) }
    : undefined
}

/** Every file of JavaScript that was run, in a run of its own: Node lists them when it reports coverage. */
function countModules(peer: Peer, options: string[], app: string): number {
  const into = mkdtempSync(join(cache, "coverage-"))
  spawnSync(node, [...options, app], { cwd: directoryOf(peer), env: { ...env, NODE_V8_COVERAGE: into } })
  const scripts = readdirSync(into).flatMap(
    (name) => JSON.parse(readFileSync(join(into, name), "utf8")).result,
  )
  rmSync(into, { recursive: true })
  return (
    new Set(scripts.map(({ url }: { url: string }) => url).filter((url) => url.startsWith("file:"))).size - 1
  )
}

/** One table; the first row is what the others are compared with. */
function compare(title: string, runs: { name: string; peer: Peer; options: string[] }[], app: string): void {
  const costs = new Map<string, Cost[]>(runs.map(({ name }) => [name, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, peer, options } of runs) {
      const cost = start(peer, options, app)
      if (cost !== undefined) costs.get(name)!.push(cost)
    }
  }
  const base = costs.get(runs[0]!.name)!
  const of = (list: Cost[], key: "wall" | "cpu" | "memory") => median(list.map((cost) => cost[key]))
  console.log(`\n${title}, Node ${version}, medians of ${values.rounds}`)
  const lines = runs.map(({ name, peer, options }) => {
    const list = costs.get(name)!
    if (list.length === 0) return [`${name}: does not run`, "", "", "", "", "", "", ""]
    const [wall, cpu, memory] = [of(list, "wall"), of(list, "cpu"), of(list, "memory")]
    return [
      name,
      wall.toFixed(1),
      (wall / of(base, "wall")).toFixed(2),
      cpu.toFixed(1),
      (cpu / of(base, "cpu")).toFixed(2),
      memory.toFixed(1),
      (memory - of(base, "memory")).toFixed(1),
      countModules(peer, options, app),
    ]
  })
  console.log(table(["", "wall ms", "times", "CPU ms", "times", "MB", "MB more", "modules"], lines))
}

await installAll()
const cjs = peers.map((peer) => ({ name: peer.name, peer, options: peer.cjs }))
const esm = peers.flatMap((peer) =>
  peer.esm === undefined ? [] : [{ name: peer.name, peer, options: peer.esm }],
)
compare("An empty CommonJS app", cjs, "app.cjs")
compare("An empty ES module app", esm, "app.mjs")
const [bare, us, , vercel, , , upstream] = peers as [Peer, Peer, Peer, Peer, Peer, Peer, Peer]
const withSpan = [bare, us, vercel, upstream]
compare(
  "A CommonJS app that makes one span",
  withSpan.map((peer) => ({ name: peer.name, peer, options: peer.cjs })),
  "span.cjs",
)
compare(
  "An ES module app that makes one span",
  withSpan.map((peer) => ({ name: peer.name, peer, options: peer.esm! })),
  "span.mjs",
)
