// Batches that wait on disk. A spool writes files of its own, several batches in each, and reads them oldest first
// once they are closed. Several processes share a directory and its cap: each reads only its own files and those whose
// owner has ended.
import { type Disk, realDisk } from "./disk.ts"
import { privateDirectory } from "./private-directory.ts"
import { isDead, type Owner, thisProcess } from "./segment-name.ts"
import { attempt, createShelf, type ShelfOptions } from "./shelf.ts"
import { createSpoolReader, type SpooledBatch } from "./spool-reader.ts"
import { createSpoolWriter, type Entry } from "./spool-writer.ts"

const { randomBytes } = process.getBuiltinModule("node:crypto")

export interface SpoolOptions extends ShelfOptions {
  /** What keeps this disk from being used, once for each trouble. */
  readonly onTrouble: (message: string) => void
  readonly disk?: Disk
  readonly now?: () => number
  readonly owner?: Owner
  readonly hasEnded?: typeof isDead
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
  /** Calls back when anything waits: soon, and every minute, since other processes end. */
  watch(onFound: () => void): void
  waiting(): boolean
  /** Known items: of this process, and of files it has read. */
  items(): number
  /** Leaves its files to whoever comes next. */
  close(): Promise<void>
}

const retryDisk = 60_000
const scanEvery = 60_000

export function createSpool(options: SpoolOptions): Spool {
  const { directory, maxBytes, onDropped, onAdopted, onTrouble } = options
  const { disk = realDisk, now = Date.now, owner = thisProcess(), hasEnded = isDead } = options
  const spool = randomBytes(4).toString("hex")
  const shelf = createShelf(options, { spool, disk, now, owner, hasEnded })
  const writer = createSpoolWriter({
    directory,
    spool,
    owner,
    now,
    shelf,
    onNoRoom: (bytes) =>
      onTrouble(`the spool's cap of ${maxBytes} bytes leaves no room for a batch of ${bytes} bytes`),
  })
  const reader = createSpoolReader({ shelf, seal: writer.seal, onDropped, onAdopted, onTrouble: trouble })
  let usableFrom = 0 // after a failure the disk is left alone for a while
  let lastTrouble: string | undefined
  let ready = false
  let closed = false
  let watching: NodeJS.Timeout | undefined
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

  async function write(entry: Entry): Promise<boolean> {
    if (!usable()) return false
    try {
      return accepted(await writer.write(entry))
    } catch (error) {
      trouble(error)
      return false
    }
  }

  function appendSync(entry: Entry): boolean {
    if (!usable()) return false
    try {
      return accepted(writer.writeSync(entry))
    } catch (error) {
      trouble(error)
      return false
    }
  }

  function accepted(isWritten: boolean): boolean {
    if (isWritten) lastTrouble = undefined
    return isWritten
  }

  function scan(): boolean {
    if (!usable()) return false
    try {
      shelf.scan(writer.openPaths())
    } catch (error) {
      trouble(error)
    }
    return waiting()
  }

  const waiting = () => !shelf.isEmpty() || writer.items() > 0

  return {
    append: (entry) => inTurn(() => write(entry)),
    appendSync,
    next: () => inTurn(async () => (closed ? undefined : reader.next())),
    again: reader.again,
    scan,
    watch: (onFound) => {
      const look = () => {
        if (!closed && scan()) onFound()
      }
      watching = setInterval(look, scanEvery).unref()
      setImmediate(look).unref()
    },
    waiting,
    items: () => shelf.items() + writer.items(),
    close: () =>
      inTurn(async () => {
        if (closed) return
        closed = true
        clearInterval(watching)
        attempt(writer.seal)
        shelf.leave()
      }),
  }
}
