// Services in a row, each a process of its own; the test asks the first.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { get } from "node:http"
import { fileURLToPath } from "node:url"
import type { DestinationStats, Options } from "@clickstack/node"

/** What a service got as headers, and those behind it. */
interface Seen {
  readonly traceparent?: string
  readonly tracestate?: string
}

export interface Services extends AsyncDisposable {
  ask(path: string, headers?: Record<string, string>): Promise<{ status: number; seen: readonly Seen[] }>
  /** Sends what there is; the books of each. */
  flush(): Promise<DestinationStats[]>
  /** Ends them, which sends all there is. */
  close(): Promise<void>
}

const fixture = fileURLToPath(new URL("../instrumentation/fixtures/sampled-service.mjs", import.meta.url))

export async function startServices(
  all: readonly Options[],
  env: Readonly<Record<string, string>>,
  { express = false } = {},
): Promise<Services> {
  const children: ChildProcess[] = []
  let next: string | undefined
  for (const options of all.toReversed()) {
    const child = fork(fixture, {
      env: {
        PATH: process.env["PATH"],
        HOME: "",
        ...env,
        OPTIONS: JSON.stringify(options),
        ...(next !== undefined && { NEXT: next }),
        ...(express && { EXPRESS: "yes" }),
      },
    })
    children.unshift(child)
    const [port] = (await once(child, "message")) as [number]
    next = `http://127.0.0.1:${port}`
  }
  const close = async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.send("close")
      await once(child, "exit")
    }
  }
  return {
    ask: (path, headers = {}) =>
      new Promise((resolve, reject) => {
        get(`${next}${path}`, { headers, agent: false }, (response) => {
          let text = ""
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
          response.on("end", () =>
            resolve({
              status: response.statusCode!,
              seen: text.startsWith("[") ? (JSON.parse(text) as Seen[]) : [],
            }),
          )
        }).on("error", reject)
      }),
    flush: () =>
      Promise.all(
        children.map(async (child) => {
          child.send("flush")
          const [stats] = (await once(child, "message")) as [DestinationStats]
          return stats
        }),
      ),
    close,
    [Symbol.asyncDispose]: close,
  }
}
