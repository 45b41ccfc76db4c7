// Reads the files of a spool, oldest first, batch by batch. One byte in a batch's header says that it is done, and a
// file is removed with its last batch.
import { doneMark, type Frame, framesOf } from "./frame.ts"
import type { SpoolRecord } from "./spool-writer.ts"
import { attempt, type Segment, type Shelf, type ShelfOptions } from "./shelf.ts"

const { promisify } = process.getBuiltinModule("node:util")
const { inflateRaw } = process.getBuiltinModule("node:zlib")

export interface SpooledBatch extends SpoolRecord {
  readonly id: string
  readonly items: number
  readonly bytes: Buffer
}

export interface SpoolReader {
  readonly next: () => Promise<SpooledBatch | undefined>
  /** Puts back what `next` gave last, to be given again. */
  readonly again: () => void
}

interface ReaderOptions extends Pick<ShelfOptions, "onDropped" | "onAdopted"> {
  readonly shelf: Shelf
  /** Closes the file that is being written, when nothing else is left to read. */
  readonly seal: () => void
  readonly onTrouble: (error: unknown) => void
}

const mostIds = 20_000
const checkedAtOnce = 512 * 1024 // bytes, in about 0.2 ms
const inflate = promisify<Uint8Array, { chunkSize: number }, Buffer>(inflateRaw)
const chunks = { chunkSize: 128 * 1024 } // each is a way to another thread and back
const turn = promisify(setImmediate)

/** A batch that is to be given, or to be counted as damaged. */
interface WaitingFrame extends Omit<Frame, "damage"> {
  readonly damage: string | undefined
}

export function createSpoolReader({
  shelf,
  seal,
  onDropped,
  onAdopted,
  onTrouble,
}: ReaderOptions): SpoolReader {
  const { disk } = shelf
  const seen = new Set<string>() // ids of batches that were read
  let reading: { segment: Segment; frames: WaitingFrame[]; at: number } | undefined

  async function next(): Promise<SpooledBatch | undefined> {
    for (;;) {
      reading ??= await readOldest()
      if (reading === undefined) return undefined
      const { segment, frames } = reading
      const frame = frames[reading.at++]
      if (frame === undefined) {
        finish(segment)
        continue
      }
      const batch = await unpackFrame(segment, frame)
      if (batch !== undefined) return batch
    }
  }

  async function readOldest(): Promise<typeof reading> {
    for (;;) {
      if (shelf.isEmpty()) seal()
      const segment = shelf.oldest()
      if (segment === undefined) return undefined
      shelf.reading = segment.path
      try {
        const frames = await waitingIn(segment)
        if (!shelf.isOwn(segment)) {
          segment.items = total(frames)
          onAdopted(segment.items)
        }
        return { segment, frames, at: 0 }
      } catch (error) {
        shelf.reading = undefined
        shelf.take(segment)
        if ((error as NodeJS.ErrnoException).code === "ENOENT") onDropped(segment.items, "spool_gone")
        else {
          onDropped(segment.items, "spool_damaged")
          onTrouble(error)
        }
      }
    }
  }

  async function waitingIn(segment: Segment): Promise<WaitingFrame[]> {
    const frames: WaitingFrame[] = []
    let checked = 0
    for (const read of framesOf(await disk.read(segment.path))) {
      const frame = { ...read, damage: read.damage() }
      const { payload, damage } = frame
      if ((payload !== undefined || damage !== undefined) && isNew(segment, frame)) frames.push(frame)
      checked += payload?.length ?? 0
      if (checked < checkedAtOnce) continue
      checked = 0
      await turn()
    }
    return frames
  }

  /** A batch that was on its way to one file when the process ended may stand in another one as well. */
  function isNew(segment: Segment, { id, damage, stateAt }: WaitingFrame): boolean {
    if (damage !== undefined) return true
    if (seen.has(id)) {
      attempt(() => disk.patch(segment.path, doneMark, stateAt))
      return false
    }
    seen.add(id)
    if (seen.size > mostIds) seen.delete(seen.values().next().value!)
    return true
  }

  async function unpackFrame(segment: Segment, frame: WaitingFrame): Promise<SpooledBatch | undefined> {
    const { id, items } = frame
    let isDone = false
    let left = items
    const less = (some: number) => {
      left -= some
      segment.items -= some
    }
    const done = () => {
      if (isDone) return
      isDone = true
      less(left)
      attempt(() => disk.patch(segment.path, doneMark, frame.stateAt))
      if (reading?.segment === segment && reading.at >= reading.frames.length) finish(segment)
    }
    try {
      if (frame.damage !== undefined) throw new Error(frame.damage)
      const bytes = frame.deflated ? await inflate(frame.payload!, chunks) : frame.payload!
      return { id, items, bytes, less, done }
    } catch {
      onDropped(items, "spool_damaged")
      if (id === "") isDone = true
      else done()
      return undefined
    }
  }

  function finish(segment: Segment): void {
    reading = undefined
    shelf.reading = undefined
    shelf.take(segment)
    if (segment.items > 0) onDropped(segment.items, "spool_gone")
    attempt(() => disk.remove(segment.path))
  }

  function again(): void {
    if (reading !== undefined && reading.at > 0) reading.at--
  }

  return { next, again }
}

const total = (frames: Iterable<WaitingFrame>) => {
  let items = 0
  for (const frame of frames) items += frame.items
  return items
}
