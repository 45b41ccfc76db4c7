// Our requests keep no process alive that has nothing else to do: it comes to its end, where what is left is sent within
// the budget. Sockets and timers can be told so (unref), but a connect and a write that the other side does not take are
// libuv requests, which hold the process for as long as they last. Where they alone are left, they are given up.
import type { Socket } from "node:net"

const underWay = new Map<Socket, number>()
const lookEvery = 200
// As process.getActiveResourcesInfo() calls them; of each socket there is at most one at a time.
const requests = new Set(["ConnectWrap", "SimpleWriteWrap", "LibuvWriteWrap"])

// Twice in a row, since what zlib, crypto and addons do in threads is not named: nothing far away takes that long.
const looksAlone = 2

let timer: NodeJS.Timeout | undefined
let alone = 0

/** @returns What is called when the request is over, in whatever way. */
export function letProcessEnd(socket: Socket): () => void {
  socket.unref()
  underWay.set(socket, (underWay.get(socket) ?? 0) + 1)
  timer ??= setInterval(look, lookEvery).unref()
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    const others = underWay.get(socket)! - 1
    if (others > 0) underWay.set(socket, others)
    else underWay.delete(socket)
    if (underWay.size > 0) return
    clearInterval(timer)
    timer = undefined
    alone = 0
  }
}

function look(): void {
  // Of a name with several addresses each gets a handle of its own, which is not told.
  for (const socket of underWay.keys()) socket.unref()
  const active = process.getActiveResourcesInfo()
  const pending = active.filter((one) => requests.has(one)).length
  const isAlone = pending > 0 && pending <= underWay.size && areOutputs(active.length - pending)
  alone = isAlone ? alone + 1 : 0
  if (alone < looksAlone) return
  for (const socket of underWay.keys()) {
    socket.destroy(new Error("it was given up, for the process had nothing else to do"))
  }
}

/** Whether so many handles are those of stdout and stderr, which are named as active and hold no process. */
function areOutputs(count: number): boolean {
  if (count === 0) return true
  const outputs = [process.stdout, process.stderr] as { _handle?: { hasRef?: () => boolean } | null }[]
  return count <= 2 && count === outputs.filter(({ _handle }) => _handle?.hasRef?.()).length
}
