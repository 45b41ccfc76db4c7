// Starts child.mjs and owns its process.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

export interface ReceiverProcess extends AsyncDisposable {
  readonly url: string
  readonly grpcUrl: string
  /** The most resident memory that the process has had, in bytes. */
  peak(): Promise<number>
}

/** `node` is another Node.js to run it with. */
export async function receiverProcess(
  options: object = {},
  node: string = process.execPath,
): Promise<ReceiverProcess> {
  const script = fileURLToPath(new URL("child.mjs", import.meta.url))
  const child = fork(script, [JSON.stringify(options)], { execPath: node, execArgv: [] })
  const { url, grpcUrl } = await message<{ url: string; grpcUrl: string }>(child)
  return {
    url,
    grpcUrl,
    async peak() {
      const answer = message<{ peak: number }>(child)
      child.send("peak")
      return (await answer).peak
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
    },
  }
}

async function message<T>(child: ChildProcess): Promise<T> {
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`the receiver's process ended with ${code}`)
  })
  const [value] = await Promise.race([once(child, "message"), died])
  died.catch(() => {})
  return value
}
