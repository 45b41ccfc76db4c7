// Batches that wait on disk. A spool writes files of its own, several batches in each, and reads them oldest first
// once they are closed; a batch is done when one byte in its header says so, and a file is removed with its last batch.
// Several processes share a directory and its cap: each reads only its own files and those whose owner has ended.
import { randomBytes } from "node:crypto"
import { deflateRaw, deflateRawSync, inflateRawSync } from "node:zlib"
import { promisify } from "node:util"
import { type Disk, realDisk } from "./disk.ts"
import { doneMark, encodeFrame, type Frame, framesOf } from "./frame.ts"
import { privateDirectory } from "./private-directory.ts"
import {
  isDead,
  type Owner,
  parseSegmentName,
  type SegmentName,
  segmentName,
  thisProcess,
} from "./segment-name.ts"

export type SpoolDrop = "spool_full" | "spool_age" | "spool_damaged" | "spool_gone"

export interface SpoolOptions {
  readonly directory: string
  readonly maxBytes: number
  /** In milliseconds, since a file was begun. */
  readonly maxAge: number
  readonly onDropped: (items: number, reason: SpoolDrop) => void
  /** Items of another process that this one now answers for. */
  readonly onAdopted: (items: number) => void
  /** What keeps this disk from being used, once for each trouble. */
  readonly onTrouble: (message: string) => void
  readonly disk?: Disk
  readonly now?: () => number
  readonly owner?: Owner
  readonly hasEnded?: typeof isDead
}

interface Entry {
  /** 16 hex digits: the same batch, written a second time because nobody knew of the first, is delivered once. */
  readonly id: string
  readonly items: number
  readonly bytes: Uint8Array
}

export interface SpooledBatch {
  readonly id: string
  readonly items: number
  readonly bytes: Buffer
  /** It is delivered, or can never be: not to be given again. */
  readonly done: () => void
}

export interface Spool {
  /** False when the disk does not take it: the batch stays with the caller. */
  append(entry: Entry): Promise<boolean>
  /** For the end of the process. */
  appendSync(entry: Entry): boolean
  /** The oldest batch that waits. */
  next(): Promise<SpooledBatch | undefined>
  /** Puts back what `next` gave last, to be given again. */
  again(): void
  /** Takes the files of processes that have ended; whether anything waits now. */
  scan(): boolean
  waiting(): boolean
  /** Known items: of this process, and of files it has read. */
  items(): number
  /** Leaves its files to whoever comes next. */
  close(): Promise<void>
}

interface Segment {
  name: SegmentName
  path: string
  items: number
}

interface OpenSegment extends Segment {
  readonly file: number
  size: number
}

const largestSegment = 4 * 1024 * 1024
const retryDisk = 60_000
const fast = { level: 1 } // 400 MB/s here, and telemetry shrinks to an eighth
const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw)
const compressFrom = 512
const mostIds = 20_000

export function newBatchId(): string {
  return randomBytes(8).toString("hex")
}

export function createSpool(options: SpoolOptions): Spool {
  const { directory, maxBytes, maxAge, onDropped, onAdopted, onTrouble } = options
  const { disk = realDisk, now = Date.now, owner = thisProcess(), hasEnded = isDead } = options
  const spool = randomBytes(4).toString("hex")
  const segmentBytes = Math.min(largestSegment, Math.max(1, Math.floor(maxBytes / 8)))
  const mine = new Map<string, Segment>() // closed files, by path
  const seen = new Set<string>() // ids of batches that were read
  let open: OpenSegment | undefined
  let ending: OpenSegment | undefined // written at once, while `open` is in a thread's hands
  let reading: { segment: Segment; frames: Frame[]; at: number } | undefined
  let numbered = 0
  let lastBegun = 0
  let usableFrom = 0 // after a failure the disk is left alone for a while
  let lastTrouble: string | undefined
  let ready = false
  let appending = 0
  let closed = false
  let work: Promise<unknown> = Promise.resolve()

  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = work.then(task)
    work = result.catch(() => undefined)
    return result
  }

  function usable(): boolean {
    if (closed || now() < usableFrom) return false
    try {
      if (!ready) privateDirectory(directory)
      ready = true
      return true
    } catch (error) {
      trouble(error)
      return false
    }
  }

  function trouble(error: unknown): void {
    usableFrom = now() + retryDisk
    const { message } = error as Error
    if (message !== lastTrouble) onTrouble(message)
    lastTrouble = message
  }

  function append(entry: Entry): Promise<boolean> {
    appending++
    return inTurn(() => write(entry)).finally(() => appending--)
  }

  async function write(entry: Entry): Promise<boolean> {
    if (!usable()) return false
    try {
      const frame = await encode(entry)
      // What was written at once meanwhile comes first.
      if (ending !== undefined) for (const segment of [open, ending]) if (segment) seal(segment)
      const segment = segmentFor(frame.length, open)
      if (segment === undefined) return false
      open = segment
      await disk.write(segment.file, frame, segment.size)
      accepted(segment, frame.length, entry.items)
      return true
    } catch (error) {
      trouble(error)
      if (open !== undefined) attempt(() => disk.truncate(open!.file, open!.size))
      return false
    }
  }

  function appendSync(entry: Entry): boolean {
    if (!usable()) return false
    try {
      const isDeflated = entry.bytes.byteLength >= compressFrom
      const payload = isDeflated ? deflateRawSync(entry.bytes, fast) : entry.bytes
      const frame = encodeFrame(payload, { ...entry, isDeflated })
      const isFree = appending === 0
      const segment = segmentFor(frame.length, isFree ? open : ending)
      if (segment === undefined) return false
      if (isFree) open = segment
      else ending = segment
      disk.writeSync(segment.file, frame, segment.size)
      accepted(segment, frame.length, entry.items)
      return true
    } catch (error) {
      trouble(error)
      return false
    }
  }

  function accepted(segment: OpenSegment, bytes: number, items: number): void {
    segment.size += bytes
    segment.items += items
    lastTrouble = undefined
  }

  /** The file that this many bytes go to: the one given while they fit, or a new one. */
  function segmentFor(bytes: number, current: OpenSegment | undefined): OpenSegment | undefined {
    if (current !== undefined) {
      if (current.size + bytes <= segmentBytes) return current
      seal(current)
    }
    lastBegun = Math.max(lastBegun, now())
    const name: SegmentName = { begun: lastBegun, spool, number: numbered++, owner, open: true }
    const path = `${directory}/${segmentName(name)}`
    const file = disk.create(path)
    // Only now: of two processes that begin a file at once, one at least sees the other's.
    if (makeRoom(Math.max(bytes, segmentBytes), path)) return { name, path, file, items: 0, size: 0 }
    disk.close(file)
    disk.remove(path)
    onTrouble(`the spool's cap of ${maxBytes} bytes leaves no room for a batch of ${bytes} bytes`)
    return undefined
  }

  function seal(segment: OpenSegment): void {
    if (open === segment) open = undefined
    if (ending === segment) ending = undefined
    attempt(() => disk.close(segment.file))
    if (segment.items === 0) return void attempt(() => disk.remove(segment.path))
    // If it keeps its name, only this process will read it, or whoever comes after its end.
    attempt(() => move(segment, { ...segment.name, open: false }))
    mine.set(segment.path, segment)
  }

  function move(segment: Segment, name: SegmentName): void {
    const path = `${directory}/${segmentName(name)}`
    disk.rename(segment.path, path)
    segment.name = name
    segment.path = path
  }

  /** Removes the oldest closed files until there is room; an open file counts with all that it may grow to. */
  function makeRoom(bytes: number, except: string): boolean {
    let total = bytes
    const closedFiles: { path: string; name: SegmentName; size: number }[] = []
    for (const { name, size } of disk.list(directory)) {
      const path = `${directory}/${name}`
      const parsed = parseSegmentName(name)
      if (path === except || parsed === undefined) continue
      total += parsed.open ? Math.max(size, segmentBytes) : size
      if (!parsed.open && path !== reading?.segment.path) closedFiles.push({ path, name: parsed, size })
    }
    for (const { path, size } of closedFiles.toSorted(byAge)) {
      if (total <= maxBytes) break
      if (drop(path, "spool_full")) total -= size
    }
    return total <= maxBytes
  }

  function drop(path: string, reason: SpoolDrop): boolean {
    try {
      const known = mine.get(path)
      const isOwn = known?.name.spool === spool
      const items = isOwn ? known.items : itemsOf(disk.readSync(path))
      disk.remove(path)
      mine.delete(path)
      if (!isOwn) onAdopted(items)
      onDropped(items, reason)
      return true
    } catch {
      return false // somebody else was faster
    }
  }

  function scan(): boolean {
    if (!usable()) return false
    try {
      for (const { name, touched } of disk.list(directory)) {
        const path = `${directory}/${name}`
        const parsed = parseSegmentName(name)
        if (parsed === undefined || path === open?.path || path === ending?.path) continue
        if (mine.has(path)) {
          attempt(() => disk.touch(path))
        } else if (parsed.owner === undefined || isOrphan(parsed.owner, touched)) {
          const segment: Segment = { name: parsed, path, items: 0 }
          // Only one process can rename it.
          if (attempt(() => move(segment, { ...parsed, owner, open: false }))) mine.set(segment.path, segment)
        }
      }
      for (const [path, { name }] of mine) {
        if (now() - name.begun > maxAge && path !== reading?.segment.path) drop(path, "spool_age")
      }
      if (open !== undefined) attempt(() => disk.touch(open!.path))
    } catch (error) {
      trouble(error)
    }
    return waiting()
  }

  function isOrphan(other: Owner, touched: number): boolean {
    // Another spool of this process, or of one of its threads, gives its files up by itself.
    if (other.host === owner.host && other.pid === owner.pid && other.started === owner.started) return false
    return hasEnded(other, owner, now() - touched)
  }

  const next = () =>
    inTurn(async (): Promise<SpooledBatch | undefined> => {
      if (closed) return undefined
      for (;;) {
        reading ??= await readOldest()
        if (reading === undefined) return undefined
        const { segment, frames } = reading
        const frame = frames[reading.at++]
        if (frame === undefined) {
          finish(segment)
          continue
        }
        const batch = unpackFrame(segment, frame)
        if (batch !== undefined) return batch
      }
    })

  async function readOldest(): Promise<typeof reading> {
    for (;;) {
      if (mine.size === 0) for (const segment of [ending, open]) if (segment !== undefined) seal(segment)
      const [segment] = [...mine.values()].toSorted(byAge)
      if (segment === undefined) return undefined
      try {
        const all = [...framesOf(await disk.read(segment.path))]
        const frames = all.filter((frame) => isWaiting(frame) && isNew(segment, frame))
        if (segment.name.spool !== spool) {
          segment.items = total(frames)
          onAdopted(segment.items)
        }
        return { segment, frames, at: 0 }
      } catch (error) {
        mine.delete(segment.path)
        if ((error as NodeJS.ErrnoException).code === "ENOENT") onDropped(segment.items, "spool_gone")
        else {
          onDropped(segment.items, "spool_damaged")
          trouble(error)
        }
      }
    }
  }

  /** A batch that was on its way to one file when the process ended may stand in another one as well. */
  function isNew(segment: Segment, { id, damage, stateAt }: Frame): boolean {
    if (damage !== undefined) return true
    if (seen.has(id)) {
      attempt(() => disk.patch(segment.path, doneMark, stateAt))
      return false
    }
    seen.add(id)
    if (seen.size > mostIds) seen.delete(seen.values().next().value!)
    return true
  }

  function unpackFrame(segment: Segment, frame: Frame): SpooledBatch | undefined {
    const { id, items } = frame
    let isDone = false
    const done = () => {
      if (isDone) return
      isDone = true
      segment.items -= items
      attempt(() => disk.patch(segment.path, doneMark, frame.stateAt))
      if (reading?.segment === segment && reading.at >= reading.frames.length) finish(segment)
    }
    try {
      if (frame.damage !== undefined) throw new Error(frame.damage)
      const bytes = frame.deflated ? inflateRawSync(frame.payload!) : frame.payload!
      return { id, items, bytes, done }
    } catch {
      onDropped(items, "spool_damaged")
      if (id === "") isDone = true
      else done()
      return undefined
    }
  }

  function finish(segment: Segment): void {
    reading = undefined
    mine.delete(segment.path)
    if (segment.items > 0) onDropped(segment.items, "spool_gone")
    attempt(() => disk.remove(segment.path))
  }

  function again(): void {
    if (reading !== undefined && reading.at > 0) reading.at--
  }

  const waiting = () => mine.size > 0 || (open?.items ?? 0) + (ending?.items ?? 0) > 0

  return {
    append,
    appendSync,
    next,
    again,
    scan,
    waiting,
    items: () => {
      let items = (open?.items ?? 0) + (ending?.items ?? 0)
      for (const segment of mine.values()) items += segment.items
      return items
    },
    close: () =>
      inTurn(async () => {
        if (closed) return
        closed = true
        for (const segment of [open, ending]) if (segment !== undefined) attempt(() => seal(segment))
        for (const segment of mine.values()) {
          attempt(() => move(segment, { ...segment.name, owner: undefined, open: false }))
        }
      }),
  }
}

async function encode(entry: Entry): Promise<Buffer> {
  const isDeflated = entry.bytes.byteLength >= compressFrom
  const payload = isDeflated ? await deflate(entry.bytes, fast) : entry.bytes
  return encodeFrame(payload, { ...entry, isDeflated })
}

const byAge = (a: { name: SegmentName }, b: { name: SegmentName }) =>
  a.name.begun - b.name.begun ||
  (a.name.spool < b.name.spool ? -1 : a.name.spool > b.name.spool ? 1 : a.name.number - b.name.number)

const isWaiting = ({ payload, damage }: Frame) => payload !== undefined || damage !== undefined

const total = (frames: Iterable<Frame>) => {
  let items = 0
  for (const frame of frames) items += frame.items
  return items
}

const itemsOf = (file: Buffer) => total(framesOf(file))

function attempt(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false // the file is gone, or somebody else has it
  }
}
