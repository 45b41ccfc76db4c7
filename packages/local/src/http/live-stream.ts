// Server-sent events: what was just stored, as it comes. A reader that is too slow loses items and is told how many;
// it never makes anybody wait.
import type { ServerResponse } from "node:http"
import { type Live, type LiveItem, jsonOf } from "../live.ts"
import { type Parameters, readParameters } from "./parameters.ts"

const mostWaitingBytes = 1024 * 1024
const mostStreams = 50
const heartbeatMs = 15_000

export interface LiveStreams {
  /** False when there are too many already. */
  open(search: URLSearchParams, response: ServerResponse): boolean
  close(): void
}

export function createLiveStreams(live: Live): LiveStreams {
  const responses = new Set<ServerResponse>()
  return {
    open(search, response) {
      const wants = matcher(readParameters(search, ["kind", "service", "level", "text", "trace", "status"]))
      if (responses.size >= mostStreams) return false
      responses.add(response)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(": this stream has what is stored from now on\n\n")
      let dropped = 0
      const stop = live.watch((items) => {
        for (const item of items) {
          if (!wants(item)) continue
          if (response.writableLength > mostWaitingBytes) {
            dropped++
            continue
          }
          if (dropped > 0) response.write(`event: dropped\ndata: ${dropped}\n\n`)
          dropped = 0
          const json = jsonOf(item)
          if (json !== undefined) response.write(`event: ${item.kind}\ndata: ${json}\n\n`)
        }
      })
      const heartbeat = setInterval(() => response.write(": still here\n\n"), heartbeatMs)
      heartbeat.unref()
      response.on("close", () => {
        clearInterval(heartbeat)
        stop()
        responses.delete(response)
      })
      return true
    },
    close() {
      for (const response of responses) response.end()
    },
  }
}

/** The same filters as of what is stored, as far as they make sense for a single item. */
function matcher(query: Parameters): (item: LiveItem) => boolean {
  const kind = query.oneOf("kind", ["log", "span"])
  const services = query.list("service")
  const levels = query.levels("level")
  const status = query.oneOf("status", ["ok", "error", "unset"])
  const traceId = query.text("trace")?.toLowerCase()
  const text = query.text("text")?.toLowerCase()
  return (item) => {
    if (kind !== undefined && item.kind !== kind) return false
    if (services !== undefined && !services.includes(item.service)) return false
    if (traceId !== undefined && item.traceId !== traceId) return false
    if (levels !== undefined && !(item.kind === "log" && levels.includes(levelOf(item.levelNumber))))
      return false
    if (status !== undefined && !(item.kind === "span" && item.status.toLowerCase() === status)) return false
    if (text === undefined) return true
    const texts =
      item.kind === "log"
        ? [item.body]
        : [item.name, item.statusMessage, ...Object.values(item.attributes).map(String)]
    return texts.some((one) => one.toLowerCase().includes(text))
  }
}

const names = ["trace", "debug", "info", "warn", "error", "fatal"] as const

const levelOf = (number: number): (typeof names)[number] =>
  names[Math.min(5, Math.max(0, Math.ceil(number / 4) - 1))] ?? "trace"
