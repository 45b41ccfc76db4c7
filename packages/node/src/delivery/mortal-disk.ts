// For tests: a disk that ends, with its process, at any operation.
import { type Disk, realDisk } from "./disk.ts"

class Crash extends Error {}

export interface MortalDisk {
  readonly disk: Disk
  /** Open files: a process that ends leaves none. */
  readonly files: Set<number>
  readonly isOver: () => boolean
  /** @param share How much of it the last write writes, from 0 to 1. */
  readonly endAfter: (operations: number, share: number) => void
  readonly end: () => void
}

/** Works until so many operations are done, then writes a part of what it is given, and nothing ever after. */
export function mortalDisk(): MortalDisk {
  let left = Infinity
  let part = 0
  const files = new Set<number>()
  const live =
    <A extends unknown[], R>(operation: (...args: A) => R, torn?: (...args: A) => void) =>
    (...args: A): R => {
      if (left-- > 0) return operation(...args)
      if (left === -1) torn?.(...args)
      throw new Crash()
    }
  const tear = (file: number, bytes: Buffer, at: number) =>
    realDisk.writeSync(file, bytes.subarray(0, Math.floor(bytes.length * part)), at)
  const writeSync = live(realDisk.writeSync, tear)
  const create = live(realDisk.create)
  const disk: Disk = {
    create: (path) => {
      const file = create(path)
      files.add(file)
      return file
    },
    write: async (...args) => writeSync(...args),
    writeSync,
    truncate: live(realDisk.truncate),
    close: live((file) => {
      files.delete(file)
      realDisk.close(file)
    }),
    read: async (path) => realDisk.readSync(path),
    readSync: realDisk.readSync,
    patch: live(realDisk.patch),
    rename: live(realDisk.rename),
    remove: live(realDisk.remove),
    touch: realDisk.touch,
    list: realDisk.list,
  }
  return {
    disk,
    files,
    isOver: () => left < 0,
    endAfter: (operations: number, share: number) => {
      left = operations
      part = share
    },
    end: () => {
      left = -1
    },
  }
}
