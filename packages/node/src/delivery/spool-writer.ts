// Writes batches to files of its own: one file is open at a time, a second one only while the process ends during a
// write. A file that is full is closed, and stands on the shelf from then on.
import { doneMark, encodeFrame, stateAt } from "./frame.ts"
import { type Owner, type SegmentName, segmentName } from "./segment-name.ts"
import { attempt, type Segment, type Shelf } from "./shelf.ts"

const { promisify } = process.getBuiltinModule("node:util")
const { deflateRaw, deflateRawSync } = process.getBuiltinModule("node:zlib")

export interface Entry {
  /** 16 hex digits: the same batch, written a second time because nobody knew of the first, is delivered once. */
  readonly id: string
  readonly items: number
  readonly bytes: Uint8Array
  /** Whether it is still to be written: somebody else may have done so meanwhile, or delivered it. */
  readonly isWanted?: () => boolean
  /** Told at the moment from which it counts as being here. */
  readonly onTaken?: (record: SpoolRecord) => void
}

/** A batch on disk, for those who know what becomes of it. */
export interface SpoolRecord {
  /** So many of its items are delivered, or can never be. */
  readonly less: (items: number) => void
  /** All of them are: not to be given again. */
  readonly done: () => void
}

export interface SpoolWriter {
  /** False when there is no room, or it is not wanted any more; rejects when the disk fails. */
  readonly write: (entry: Entry) => Promise<boolean>
  readonly writeSync: (entry: Entry) => boolean
  /** Closes what is open. */
  readonly seal: () => void
  readonly openPaths: () => (string | undefined)[]
  /** Items in open files. */
  readonly items: () => number
}

interface WriterOptions {
  readonly directory: string
  readonly spool: string
  readonly owner: Owner
  readonly now: () => number
  readonly shelf: Shelf
  readonly onNoRoom: (bytes: number) => void
}

interface OpenSegment extends Segment {
  readonly file: number
  size: number
}

const fast = { level: 1, memLevel: 9 } // 400 MB/s here, and telemetry shrinks to an eighth
const deflate = promisify<Uint8Array, typeof fast, Buffer>(deflateRaw)
const compressFrom = 512

export function createSpoolWriter({
  directory,
  spool,
  owner,
  now,
  shelf,
  onNoRoom,
}: WriterOptions): SpoolWriter {
  const { disk, segmentBytes } = shelf
  let open: OpenSegment | undefined
  let ending: OpenSegment | undefined // written at once, while `open` is in a thread's hands
  let writing = false
  let numbered = 0
  let lastBegun = 0

  async function write(entry: Entry): Promise<boolean> {
    writing = true
    try {
      const isDeflated = entry.bytes.byteLength >= compressFrom
      const payload = isDeflated ? await deflate(entry.bytes, fast) : entry.bytes
      const frame = encodeFrame(payload, { ...entry, isDeflated })
      if (entry.isWanted?.() === false) return false
      // What was written at once meanwhile comes first.
      if (ending !== undefined) for (const segment of [open, ending]) if (segment) sealOne(segment)
      const segment = segmentFor(frame.length, open)
      if (segment === undefined) return false
      open = segment
      await disk.write(segment.file, frame, segment.size)
      return accepted(segment, frame.length, entry)
    } catch (error) {
      if (open !== undefined) attempt(() => disk.truncate(open!.file, open!.size))
      throw error
    } finally {
      writing = false
    }
  }

  function writeSync(entry: Entry): boolean {
    const isDeflated = entry.bytes.byteLength >= compressFrom
    const payload = isDeflated ? deflateRawSync(entry.bytes, fast) : entry.bytes
    const frame = encodeFrame(payload, { ...entry, isDeflated })
    const segment = segmentFor(frame.length, writing ? ending : open)
    if (segment === undefined) return false
    if (writing) ending = segment
    else open = segment
    disk.writeSync(segment.file, frame, segment.size)
    return accepted(segment, frame.length, entry)
  }

  function accepted(segment: OpenSegment, bytes: number, entry: Entry): boolean {
    const at = segment.size
    segment.size += bytes
    if (entry.isWanted?.() === false) {
      attempt(() => disk.patch(segment.path, doneMark, at + stateAt))
      return false
    }
    segment.items += entry.items
    let left = entry.items
    const less = (items: number) => {
      left -= items
      segment.items -= items
    }
    const done = () => {
      less(left)
      attempt(() => disk.patch(segment.path, doneMark, at + stateAt))
    }
    entry.onTaken?.({ less, done })
    return true
  }

  /** The file that this many bytes go to: the one given while they fit, or a new one. */
  function segmentFor(bytes: number, current: OpenSegment | undefined): OpenSegment | undefined {
    if (current !== undefined) {
      if (current.size + bytes <= segmentBytes) return current
      sealOne(current)
    }
    lastBegun = Math.max(lastBegun, now())
    const name: SegmentName = { begun: lastBegun, spool, number: numbered++, owner, open: true }
    const path = `${directory}/${segmentName(name)}`
    const file = disk.create(path)
    // Only now: of two processes that begin a file at once, one at least sees the other's.
    if (shelf.makeRoom(Math.max(bytes, segmentBytes), path)) return { name, path, file, items: 0, size: 0 }
    disk.close(file)
    disk.remove(path)
    onNoRoom(bytes)
    return undefined
  }

  function sealOne(segment: OpenSegment): void {
    if (open === segment) open = undefined
    if (ending === segment) ending = undefined
    attempt(() => disk.close(segment.file))
    if (segment.items === 0) return void attempt(() => disk.remove(segment.path))
    // If it keeps its name, only this process will read it, or whoever comes after its end.
    attempt(() => shelf.rename(segment, { open: false }))
    shelf.add(segment)
  }

  return {
    write,
    writeSync,
    seal: () => {
      for (const segment of [ending, open]) if (segment !== undefined) sealOne(segment)
    },
    openPaths: () => [open?.path, ending?.path],
    items: () => (open?.items ?? 0) + (ending?.items ?? 0),
  }
}
