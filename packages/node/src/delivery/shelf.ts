// The closed files of a spool, and what happens to whole files: they are taken over from processes that have ended,
// removed when the cap or their age says so, and left to others at the end.
import type { Disk } from "./disk.ts"
import { framesOf } from "./frame.ts"
import { isDead, type Owner, parseSegmentName, type SegmentName, segmentName } from "./segment-name.ts"

export type SpoolDrop = "spool_full" | "spool_age" | "spool_damaged" | "spool_gone"

export interface Segment {
  name: SegmentName
  path: string
  items: number
}

export interface ShelfOptions {
  readonly directory: string
  readonly maxBytes: number
  /** In milliseconds, since a file was begun. */
  readonly maxAge: number
  readonly onDropped: (items: number, reason: SpoolDrop) => void
  /** Items of another process that this one now answers for. */
  readonly onAdopted: (items: number) => void
}

export interface Shelf {
  readonly disk: Disk
  /** No file grows beyond this. */
  readonly segmentBytes: number
  readonly add: (segment: Segment) => void
  readonly take: (segment: Segment) => void
  readonly oldest: () => Segment | undefined
  readonly isOwn: (segment: Segment) => boolean
  readonly isEmpty: () => boolean
  readonly items: () => number
  readonly rename: (segment: Segment, change: Partial<SegmentName>) => void
  /** Removes the oldest closed files until there is room for this many bytes more, not counting this file. */
  readonly makeRoom: (bytes: number, except: string) => boolean
  /** Takes the files of processes that have ended, and drops what is too old. */
  readonly scan: (openPaths: readonly (string | undefined)[]) => void
  /** The file that is being read is neither removed nor too old. */
  reading: string | undefined
  readonly leave: () => void
}

interface ShelfParts {
  readonly spool: string
  readonly disk: Disk
  readonly now: () => number
  readonly owner: Owner
  readonly hasEnded: typeof isDead
}

const largestSegment = 4 * 1024 * 1024

export function createShelf(
  { directory, maxBytes, maxAge, onDropped, onAdopted }: ShelfOptions,
  { spool, disk, now, owner, hasEnded }: ShelfParts,
): Shelf {
  const segmentBytes = Math.min(largestSegment, Math.max(1, Math.floor(maxBytes / 8)))
  const mine = new Map<string, Segment>() // by path

  function rename(segment: Segment, change: Partial<SegmentName>): void {
    const name = { ...segment.name, ...change }
    const path = `${directory}/${segmentName(name)}`
    disk.rename(segment.path, path)
    segment.name = name
    segment.path = path
  }

  /** An open file counts with all that it may grow to. */
  function makeRoom(bytes: number, except: string): boolean {
    let total = bytes
    const closedFiles: { path: string; name: SegmentName; size: number }[] = []
    for (const { name, size } of disk.list(directory)) {
      const path = `${directory}/${name}`
      const parsed = parseSegmentName(name)
      if (path === except || parsed === undefined) continue
      total += parsed.open ? Math.max(size, segmentBytes) : size
      if (!parsed.open && path !== shelf.reading) closedFiles.push({ path, name: parsed, size })
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

  function scan(openPaths: readonly (string | undefined)[]): void {
    for (const { name, touched } of disk.list(directory)) {
      const path = `${directory}/${name}`
      const parsed = parseSegmentName(name)
      if (parsed === undefined || openPaths.includes(path)) continue
      if (mine.has(path)) {
        attempt(() => disk.touch(path))
      } else if (parsed.owner === undefined || hasEnded(parsed.owner, owner, now() - touched, parsed.begun)) {
        const segment: Segment = { name: parsed, path, items: 0 }
        // Only one process can rename it.
        if (attempt(() => rename(segment, { owner, open: false }))) mine.set(segment.path, segment)
      }
    }
    for (const [path, { name }] of mine) {
      if (now() - name.begun > maxAge && path !== shelf.reading) drop(path, "spool_age")
    }
    for (const path of openPaths) if (path !== undefined) attempt(() => disk.touch(path))
  }

  const shelf: Shelf = {
    disk,
    segmentBytes,
    reading: undefined,
    add: (segment) => mine.set(segment.path, segment),
    take: (segment) => mine.delete(segment.path),
    oldest: () => [...mine.values()].toSorted(byAge)[0],
    isOwn: (segment) => segment.name.spool === spool,
    isEmpty: () => mine.size === 0,
    items: () => {
      let items = 0
      for (const segment of mine.values()) items += segment.items
      return items
    },
    rename,
    makeRoom,
    scan,
    leave: () => {
      for (const segment of mine.values()) attempt(() => rename(segment, { owner: undefined, open: false }))
    },
  }
  return shelf
}

const byAge = (a: { name: SegmentName }, b: { name: SegmentName }) =>
  a.name.begun - b.name.begun ||
  (a.name.spool < b.name.spool ? -1 : a.name.spool > b.name.spool ? 1 : a.name.number - b.name.number)

function itemsOf(file: Buffer): number {
  let items = 0
  for (const frame of framesOf(file)) items += frame.items
  return items
}

/** False when the file is gone, or somebody else has it. */
export function attempt(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}
