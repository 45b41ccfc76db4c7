// The few things a spool does to a disk, as a parameter of it: a test's disk can fail, and end, at any of them.
const fs = process.getBuiltinModule("node:fs")
const { promisify } = process.getBuiltinModule("node:util")

export interface Disk {
  readonly create: (path: string) => number
  readonly write: (file: number, bytes: Buffer, at: number) => Promise<void>
  readonly writeSync: (file: number, bytes: Buffer, at: number) => void
  /** Cuts off what a failed write left behind. */
  readonly truncate: (file: number, size: number) => void
  readonly close: (file: number) => void
  readonly read: (path: string) => Promise<Buffer>
  readonly readSync: (path: string) => Buffer
  /** Writes over bytes of a file that is there. */
  readonly patch: (path: string, bytes: Buffer, at: number) => void
  readonly rename: (from: string, to: string) => void
  readonly remove: (path: string) => void
  readonly touch: (path: string) => void
  readonly list: (directory: string) => { name: string; size: number; touched: number }[]
}

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants
const O_NOFOLLOW = (fs.constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0 // Windows has none
const write = promisify(fs.write)

export const realDisk: Disk = {
  create: (path) => fs.openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600),
  write: async (file, bytes, at) => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await write(file, bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
  },
  writeSync: (file, bytes, at) => {
    for (let done = 0; done < bytes.length;) {
      done += fs.writeSync(file, bytes, done, bytes.length - done, at + done)
    }
  },
  truncate: (file, size) => fs.ftruncateSync(file, size),
  close: (file) => fs.closeSync(file),
  read: async (path) => {
    const file = await fs.promises.open(path, O_RDONLY | O_NOFOLLOW)
    try {
      return await file.readFile()
    } finally {
      await file.close()
    }
  },
  readSync: (path) => {
    const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW)
    try {
      return fs.readFileSync(file)
    } finally {
      fs.closeSync(file)
    }
  },
  patch: (path, bytes, at) => {
    const file = fs.openSync(path, O_WRONLY | O_NOFOLLOW)
    try {
      fs.writeSync(file, bytes, 0, bytes.length, at)
    } finally {
      fs.closeSync(file)
    }
  },
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),
  touch: (path) => fs.utimesSync(path, new Date(), new Date()),
  list: (directory) => {
    const files = []
    for (const name of fs.readdirSync(directory)) {
      const found = fs.lstatSync(`${directory}/${name}`, { throwIfNoEntry: false })
      if (found?.isFile()) files.push({ name, size: found.size, touched: found.mtimeMs })
    }
    return files
  },
}
