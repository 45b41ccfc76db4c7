// Starts the shop's three services as processes of their own. What makes them send telemetry is in `execArgv`.
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const cwd = fileURLToPath(new URL(".", import.meta.url))

/**
 * @param {string} endpoint where they send their telemetry
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function openShop(endpoint) {
  /** @type {import("node:child_process").ChildProcess[]} */
  const processes = []

  /** @param {string} name @param {Record<string, string>} [env] @returns {Promise<string>} */
  async function start(name, env = {}) {
    const child = fork(`${name}.js`, {
      cwd,
      execArgv: ["--import", "@clickstack/node/register"],
      env: { ...process.env, CLICKSTACK_ENDPOINT: endpoint, OTEL_SERVICE_NAME: name, ...env },
    })
    processes.push(child)
    const [{ url }] = await once(child, "message")
    return url
  }

  const [stock, payments] = await Promise.all([start("stock"), start("payments")])
  const url = await start("web", { STOCK_URL: stock, PAYMENTS_URL: payments })
  return {
    url,
    async close() {
      const running = processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      const ended = running.map((child) => once(child, "exit"))
      for (const child of running) if (child.connected) child.disconnect()
      await Promise.all(ended)
    },
  }
}
