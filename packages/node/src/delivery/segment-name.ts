// The name of a spool file says when it was begun, by whom, and whether that process still lives:
//   m4x2k9p0t-1f9c03aa-0003.7be21c04.4711.98812345bae043d58.open
//   begun      spool    no. host     pid  started  "open" while it is written, then "seg"
// A file without host, pid and start belongs to nobody: its spool was closed, and whoever comes takes it.
const { createHash } = process.getBuiltinModule("node:crypto")
const { readFileSync, readlinkSync } = process.getBuiltinModule("node:fs")
const { hostname } = process.getBuiltinModule("node:os")

export interface Owner {
  readonly host: string
  readonly pid: number
  /** When the process started, in a form that only has to differ: a number is soon used by another process. */
  readonly started: string
}

export interface SegmentName {
  readonly begun: number
  readonly spool: string
  readonly number: number
  readonly owner: Owner | undefined
  readonly open: boolean
}

const pattern =
  /^([0-9a-z]{9})-([0-9a-f]{8})-([0-9a-z]{4,})(?:\.([0-9a-f]{8})\.(\d+)\.([0-9a-z]+))?\.(open|seg)$/

export function segmentName({ begun, spool, number, owner, open }: SegmentName): string {
  const of = owner === undefined ? "" : `.${owner.host}.${owner.pid}.${owner.started}`
  const order = `${begun.toString(36).padStart(9, "0")}-${spool}-${number.toString(36).padStart(4, "0")}`
  return `${order}${of}.${open ? "open" : "seg"}`
}

export function parseSegmentName(name: string): SegmentName | undefined {
  const match = pattern.exec(name)
  if (match === null) return undefined
  const [, begun, spool, number, host, pid, started, kind] = match
  return {
    begun: Number.parseInt(begun!, 36),
    spool: spool!,
    number: Number.parseInt(number!, 36),
    owner: host === undefined ? undefined : { host, pid: Number(pid), started: started! },
    open: kind === "open",
  }
}

export function thisProcess(): Owner {
  return { host: thisHost(), pid: process.pid, started: startOf(process.pid) ?? "0" }
}

const longIdle = 5 * 60_000 // the living touch their files once a minute
const processBegan = Date.now() - process.uptime() * 1000

/**
 * Whether the owner of a file that was begun then has ended. What runs on another host, or in another container, can
 * only be judged by how long it has not touched its file.
 */
export function isDead(owner: Owner, self: Owner, idleMs: number, begun: number): boolean {
  if (owner.host !== self.host) return idleMs > longIdle
  // Another spool of this process, or of one of its threads, gives its files up by itself. In a container that was
  // restarted, the one before had number 1 as well, and not every system tells when a process started.
  if (owner.pid === self.pid && owner.started === self.started)
    return begun < processBegan && idleMs > longIdle
  if (!isRunning(owner.pid)) return true
  const started = startOf(owner.pid)
  return started !== undefined && started !== owner.started
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Process numbers mean something only among the processes that see each other. */
function thisHost(): string {
  let namespace = ""
  try {
    namespace = readlinkSync("/proc/self/ns/pid")
  } catch {
    // not Linux
  }
  return createHash("sha256").update(`${hostname()} ${namespace}`).digest("hex").slice(0, 8)
}

/** Clock ticks since the machine started, on Linux: field 22, after the command in its parentheses. And which start. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return `${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}b${bootOf()}`
  } catch {
    return undefined
  }
}

function bootOf(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)
  } catch {
    return "" // some sandboxes have none
  }
}
