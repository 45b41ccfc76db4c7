// What `npm start` shows: a ClickStack on this machine, a shop of three services that send to it, and what arrived.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { setTimeout } from "node:timers/promises"
import { LocalError, startLocal } from "@clickstack/local"
import { visit } from "./load.js"
import { answered, describeError, errors, slowest, telling } from "./questions.js"
import { openShop } from "./services.js"

const usage = `usage: npm start [-- --once]

--once   end when everything was shown, with 0 only if what was sent is there`

const visits = 46
// Each service sends what it has every few seconds; a busy machine may take longer.
const patienceMs = 60_000

/** @param {boolean} isOnce */
async function main(isOnce) {
  const stop = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort())
  const local = await start(isOnce)
  const shop = await openShop(local.otlp.http)
  try {
    let requests = 0
    for (let number = 0; number < visits && !stop.signal.aborted; number++) {
      requests += await visit(shop.url, number)
    }
    const arrived = await arrival(local, requests, stop.signal)
    if (stop.signal.aborted) return
    if (!arrived) throw new Error(`of ${requests} requests not all are stored after ${patienceMs / 1000} s`)
    await show(local, requests)
    if (isOnce) return
    console.log(addresses(local, shop.url))
    for (let number = visits; !stop.signal.aborted; number++) {
      await visit(shop.url, number)
      await setTimeout(1_000, undefined, { signal: stop.signal }).catch(() => {})
    }
  } finally {
    await shop.close()
    await local.close()
  }
}

/** On the usual ports, or on free ones where those are taken. @param {boolean} isOnce */
async function start(isOnce) {
  const free = { httpPort: 0, grpcPort: 0, uiPort: 0 }
  try {
    return await startLocal({ memory: true, ...(isOnce ? free : {}) })
  } catch (error) {
    if (!(error instanceof LocalError) || error.code !== "LISTEN_FAILED") throw error
    // As "cannot listen on 127.0.0.1 port 4319 (uiPort): EADDRINUSE, another process has it; ...".
    const [what] = error.message.split(";")
    console.log(`${what}. Free ports are taken instead; the addresses are below.`)
    return startLocal({ memory: true, ...free })
  }
}

/**
 * Whether all requests were recorded by every service that they reached, and a failed one of them through all three services.
 * @param {import("@clickstack/local").Local} local @param {number} requests @param {AbortSignal} signal
 */
async function arrival(local, requests, signal) {
  const end = performance.now() + patienceMs
  while (performance.now() < end && !signal.aborted) {
    const [there] = await local.query(answered)
    const [trace] = await local.query(telling)
    const isThere = there?.["requests"] === requests && there["served"] === there["asked"]
    if (isThere && there["failed"] !== 0 && Number(trace?.["failed"]) > 0) return true
    await setTimeout(250)
  }
  return false
}

/** @param {import("@clickstack/local").Local} local @param {number} requests */
async function show(local, requests) {
  console.log(`\n${requests} requests to the shop, all of them recorded\n`)
  const [trace] = await local.query(telling)
  console.log(await waterfall(String(trace?.["id"]), local.url ?? ""))
  console.log(`Slowest routes\n\n${await local.query(slowest, { format: "table" })}`)
  console.log("Last errors\n")
  for (const row of await local.query(errors)) console.log(describeError(row))
}

/** As `clickstack trace ID` shows it. @param {string} id @param {string} url */
async function waterfall(id, url) {
  const manifest = import.meta.resolve("@clickstack/local/package.json")
  const command = fileURLToPath(new URL("dist/command/main.js", manifest))
  const { stdout } = await promisify(execFile)(process.execPath, [command, "trace", id, "--url", url])
  return stdout
}

/** @param {import("@clickstack/local").Local} local @param {string} shop */
const addresses = ({ otlp, url }, shop) => `
Look at it          ${url}
The shop            ${shop}
Send your own       ${otlp.http} (OTLP over HTTP), ${otlp.grpc} (gRPC), as in
                    CLICKSTACK_ENDPOINT=${otlp.http} node --import @clickstack/node/register app.js
In another terminal node packages/local/dist/command/main.js tail --url ${url}

A customer comes every second; Ctrl-C ends it all, and what was stored.`

// A reader such as `head` may leave early; that is no reason to fail.
process.stdout.on("error", () => {})

const [option, ...others] = process.argv.slice(2)
if (option === "--help") console.log(usage)
else if ((option !== undefined && option !== "--once") || others.length > 0) {
  console.error(`shop: I do not know ${others[0] ?? option}\n\n${usage}`)
  process.exitCode = 1
} else {
  await main(option === "--once").catch((/** @type {Error} */ error) => {
    console.error(`shop: ${error.message}`)
    process.exitCode = 1
  })
}
