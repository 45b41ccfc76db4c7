// How long code of ours runs at a stretch, from a CPU profile: how late the event loop is tells also of the load, of
// garbage collection, and of whatever else the machine does. A stretch is samples in a row in what Node called of ours
// (timers, promises, answers), and in whatever that called; it may be several callbacks that follow each other at once.
// What the app calls itself, for each span, is not in it: that is the CPU per span.
import { type Profiler, Session } from "node:inspector/promises"

const interval = 100 // microseconds
const ours = /\/packages\/node\/(dist|src)\//

/** @returns What ends the profile and gives the longest stretch in milliseconds, and where it was. */
export async function watchOwnBlocks(): Promise<() => Promise<{ ms: number; in: string }>> {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval })
  await session.post("Profiler.start")
  return async () => {
    const { profile } = await session.post("Profiler.stop")
    session.disconnect()
    return longestStretch(profile)
  }
}

function longestStretch({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const owner = new Map<number, string>() // the outermost function of ours, by node
  const garbage = new Set<number>()
  const name = ({ functionName, url, lineNumber }: Profiler.ProfileNode["callFrame"]) =>
    `${functionName || "anonymous"} (${url.split("/").at(-1)}:${lineNumber + 1})`
  const isNode = (url: string) => url === "" || url.startsWith("node:")
  const visit = (id: number, above: string | undefined) => {
    const { callFrame, children = [] } = byId.get(id)!
    if (above === undefined && !isNode(callFrame.url) && !ours.test(callFrame.url)) return // the app's
    const own = above ?? (ours.test(callFrame.url) ? name(callFrame) : undefined)
    if (own !== undefined) owner.set(id, own)
    if (callFrame.functionName === "(garbage collector)") garbage.add(id)
    for (const child of children) visit(child, own)
  }
  visit(nodes[0]!.id, undefined)

  let longest = { ms: 0, in: "" }
  let current = 0
  const leaves = new Map<string, number>() // of the current stretch
  for (const [index, id] of samples.entries()) {
    if (garbage.has(id)) continue
    const found = owner.get(id)
    if (found === undefined) {
      current = 0
      leaves.clear()
      continue
    }
    const leaf = name(byId.get(id)!.callFrame)
    leaves.set(leaf, (leaves.get(leaf) ?? 0) + 1)
    // A sample that comes late: this process had to wait for another one.
    current += Math.min(timeDeltas[index + 1] ?? interval, 2 * interval) / 1000
    if (current <= longest.ms) continue
    const [most] = [...leaves].toSorted((a, b) => b[1] - a[1])
    longest = { ms: current, in: `${found}, most of it in ${most![0]}` }
  }
  return longest
}
