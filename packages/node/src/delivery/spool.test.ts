import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, expect, test } from "vitest"
import { type Disk, realDisk } from "./disk.ts"
import { headerBytes } from "./frame.ts"
import { parseSegmentName, segmentName, thisProcess } from "./segment-name.ts"
import type { SpoolDrop } from "./shelf.ts"
import { newBatchId } from "./queue.ts"
import { createSpool, type Spool, type SpoolOptions } from "./spool.ts"

const root = fs.mkdtempSync(join(tmpdir(), "clickstack-spool-"))
afterAll(() => fs.rmSync(root, { recursive: true }))

let directory: string
let drops: [number, SpoolDrop][]
let adopted: number
let troubles: string[]
let number = 0
beforeEach(() => {
  directory = join(root, `${number++}`)
  drops = []
  adopted = 0
  troubles = []
})

const dead = { ...thisProcess(), pid: 2 ** 22 + 1 } // above the highest pid of Linux

function open(more: Partial<SpoolOptions> = {}): Spool {
  return createSpool({
    directory,
    maxBytes: 1_000_000,
    maxAge: 1e9,
    onDropped: (items, reason) => drops.push([items, reason]),
    onAdopted: (items) => (adopted += items),
    onTrouble: (message) => troubles.push(message),
    ...more,
  })
}

const entry = (text: string, items = 1) => ({ id: newBatchId(), items, bytes: Buffer.from(text) })

async function drain(spool: Spool): Promise<string[]> {
  const texts: string[] = []
  for (let batch = await spool.next(); batch !== undefined; batch = await spool.next()) {
    texts.push(batch.bytes.toString())
    batch.done()
  }
  return texts
}

const files = () => fs.readdirSync(directory)
const onlyFile = () => join(directory, files()[0]!)

/** Files of a process that has ended. */
async function leftBehind(...texts: string[]): Promise<void> {
  const spool = open({ owner: dead })
  for (const text of texts) await spool.append(entry(text))
}

test("gives back what it was given, oldest first, and leaves no file", async () => {
  const spool = open()
  const texts = ["one", "x".repeat(5000), "three"]
  for (const text of texts) expect(await spool.append(entry(text, 2))).toBe(true)
  expect(spool.items()).toBe(6)
  expect(await drain(spool)).toEqual(texts)
  expect(spool.items()).toBe(0)
  expect(files()).toEqual([])
})

test("a batch is given again until it is done", async () => {
  const spool = open()
  await spool.append(entry("one"))
  await spool.append(entry("two"))
  expect((await spool.next())?.bytes.toString()).toBe("one")
  spool.again()
  expect(await drain(spool)).toEqual(["one", "two"])
})

test("takes the files of a process that has ended, but not of one that lives", async () => {
  await leftBehind("theirs")
  const living = open()
  await living.append(entry("living"))
  // The test's own process, as another one would see it: alive.
  const spool = open({ owner: { ...thisProcess(), started: "another" } })
  expect(spool.scan()).toBe(true)
  expect(await drain(spool)).toEqual(["theirs"])
  expect(adopted).toBe(1)
  expect(await drain(living)).toEqual(["living"])
})

test("takes the files of a process on another host when it has not touched them for long", async () => {
  const far = open({ owner: { host: "0a0b0c0d", pid: 1, started: "5" } })
  await far.append(entry("far"))
  expect(open().scan()).toBe(false)
  const later = open({ now: () => Date.now() + 6 * 60_000 })
  expect(later.scan()).toBe(true)
  expect(await drain(later)).toEqual(["far"])
})

test("takes the files of a process that had this one's number before, as process 1 of a restarted container had", async () => {
  const { started, ...same } = thisProcess()
  await open({ owner: { ...same, started: `0${started}` } }).append(entry("restarted"))
  const spool = open()
  expect(spool.scan()).toBe(true)
  expect(await drain(spool)).toEqual(["restarted"])
})

test("where nothing tells these two apart, it takes them when nobody has touched them for long", async () => {
  const anHour = 60 * 60_000
  await open({ now: () => Date.now() - anHour }).append(entry("before this process began"))
  await open().append(entry("of another thread"))
  expect(open().scan()).toBe(false)
  const later = open({ now: () => Date.now() + 6 * 60_000 })
  expect(later.scan()).toBe(true)
  expect(await drain(later)).toEqual(["before this process began"])
})

test("a batch that is done is not given again by the next process", async () => {
  const spool = open({ owner: dead })
  for (const text of ["one", "two", "three"]) await spool.append(entry(text))
  ;(await spool.next())?.done()
  const next = open()
  next.scan()
  expect(await drain(next)).toEqual(["two", "three"])
  expect(adopted).toBe(2)
})

test("a batch that stands twice, since the process ended while it was written, is given once", async () => {
  const spool = open({ owner: dead })
  const twice = entry("twice")
  await spool.append(twice)
  spool.appendSync(twice)
  spool.appendSync(entry("once"))
  const next = open()
  next.scan()
  expect(await drain(next)).toEqual(["twice", "once"])
  expect(adopted).toBe(2)
  expect(next.items()).toBe(0)
})

test("what close leaves is there for whoever comes", async () => {
  const spool = open()
  await spool.append(entry("left"))
  await spool.close()
  const next = open()
  next.scan()
  expect(await drain(next)).toEqual(["left"])
})

test("several processes take each file once", async () => {
  await leftBehind("a")
  await leftBehind("b")
  await leftBehind("c")
  const spools = [open(), open(), open()]
  for (const spool of spools) spool.scan()
  const given = (await Promise.all(spools.map(drain))).flat()
  expect(given.toSorted()).toEqual(["a", "b", "c"])
})

test.each([
  ["cut short", (file: Buffer) => file.subarray(0, file.length - 3), ["one", "two"], 1],
  ["empty", () => Buffer.alloc(0), [], 0],
  ["with a bit flipped in a payload", (file: Buffer) => flip(file, headerBytes + 1), ["two", "three"], 1],
  ["with a bit flipped in a length", (file: Buffer) => flip(file, 12), ["two", "three"], 0],
  ["with a bit flipped in the magic", (file: Buffer) => flip(file, 0), ["two", "three"], 0],
  ["that is not ours", () => Buffer.from("something else entirely, written by a stranger"), [], 0],
])("a file %s costs only the batch it hits", async (_, damage, left, counted) => {
  await leftBehind("one", "two", "three")
  fs.writeFileSync(onlyFile(), damage(fs.readFileSync(onlyFile())))
  const spool = open()
  spool.scan()
  expect(await drain(spool)).toEqual(left)
  expect(drops.reduce((sum, [items]) => sum + items, 0)).toBe(counted)
  for (const [, reason] of drops) expect(reason).toBe("spool_damaged")
  expect(files()).toEqual([])
  expect(adopted).toBe(left.length + counted)
  expect(spool.items()).toBe(0)
  expect(await spool.append(entry("works on"))).toBe(true)
})

function flip(file: Buffer, at: number): Buffer {
  file[at]! ^= 1
  return file
}

test("the file that is being read is not removed to make room", async () => {
  const write = (text: string) => spool.appendSync(entry(text.padEnd(100, ".")))
  const disk: Disk = {
    ...realDisk,
    read: async (path) => {
      const file = await realDisk.read(path)
      while (drops.length === 0) write("late")
      return file
    },
  }
  const spool = open({ maxBytes: 2000, disk }) // a file holds one batch of these
  for (const text of ["oldest", "second", "third"]) write(text)
  expect((await spool.next())?.bytes.toString()).toMatch(/^oldest/)
  expect(drops).toEqual([[1, "spool_full"]])
  expect((await drain(spool)).filter((text) => !text.startsWith("late"))).toEqual([
    expect.stringMatching(/^third/),
  ])
})

test("a file of megabytes is checked in pieces, between which the event loop runs", async () => {
  let turns = 0
  let immediate: NodeJS.Immediate | undefined
  const count = () => {
    turns++
    immediate = setImmediate(count)
  }
  const disk: Disk = {
    ...realDisk,
    read: async (path) => {
      const file = realDisk.readSync(path)
      count()
      return file
    },
  }
  const spool = open({ maxBytes: 100_000_000, disk })
  const texts = Array.from({ length: 6 }, () => random(300_000))
  for (const text of texts) await spool.append(entry(text))
  expect((await spool.next())?.bytes.toString()).toBe(texts[0])
  clearImmediate(immediate)
  expect(turns).toBeGreaterThan(3)
})

test("a batch of a future version is skipped and counted", async () => {
  await leftBehind("one", "two")
  const file = fs.readFileSync(onlyFile())
  file[4] = 3
  file.writeUInt32LE(crc(file.subarray(0, 28)), 28)
  fs.writeFileSync(onlyFile(), file)
  const spool = open()
  spool.scan()
  expect(await drain(spool)).toEqual(["two"])
  expect(drops).toEqual([[1, "spool_damaged"]])
})

const crc = (bytes: Buffer) =>
  Number(execFileSync(process.execPath, ["-p", `zlib.crc32(Buffer.from("${bytes.toString("hex")}","hex"))`]))

const random = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, () => Math.random() * 256)).toString("latin1")

test("at its cap it drops the oldest, counts it, and never passes the cap", async () => {
  const spool = open({ maxBytes: 80_000 })
  const texts = Array.from({ length: 40 }, (_, index) => `${index} ${random(4000)}`)
  for (const text of texts) {
    expect(await spool.append(entry(text))).toBe(true)
    const size = files().reduce((sum, name) => sum + fs.statSync(join(directory, name)).size, 0)
    expect(size).toBeLessThanOrEqual(80_000)
  }
  const dropped = drops.reduce((sum, [items]) => sum + items, 0)
  expect(dropped).toBeGreaterThan(0)
  expect(drops.every(([, reason]) => reason === "spool_full")).toBe(true)
  expect(await drain(spool)).toEqual(texts.slice(dropped))
})

test("several processes together never pass the cap", async () => {
  const spools = [open({ maxBytes: 100_000 }), open({ maxBytes: 100_000 }), open({ maxBytes: 100_000 })]
  for (let round = 0; round < 20; round++) {
    await Promise.all(spools.map((spool) => spool.append(entry(random(4000)))))
    const size = files().reduce((sum, name) => sum + fs.statSync(join(directory, name)).size, 0)
    expect(size).toBeLessThanOrEqual(100_000)
  }
})

test("drops what is too old, and counts it", async () => {
  await leftBehind("old")
  const spool = open({ maxAge: 1000, now: () => Date.now() + 2000 })
  expect(spool.scan()).toBe(false)
  expect(drops).toEqual([[1, "spool_age"]])
  expect(files()).toEqual([])
})

test("the directory is private, and so are its files", async () => {
  await open().append(entry("one"))
  expect(fs.statSync(directory).mode & 0o777).toBe(0o700)
  expect(fs.statSync(onlyFile()).mode & 0o777).toBe(0o600)
})

test("a directory behind a symbolic link is not used", async () => {
  fs.mkdirSync(join(root, "elsewhere"))
  fs.symlinkSync(join(root, "elsewhere"), directory)
  const spool = open()
  expect(await spool.append(entry("one"))).toBe(false)
  expect(await spool.append(entry("two"))).toBe(false)
  expect(troubles).toEqual([`${directory} is not a directory of its own`])
})

test.runIf(process.getuid?.() === 0)("a directory of another user is not used", async () => {
  fs.mkdirSync(directory)
  fs.chownSync(directory, 12345, 12345)
  expect(await open().append(entry("one"))).toBe(false)
  expect(troubles).toEqual([`${directory} belongs to another user`])
})

test("a file behind a symbolic link is not read", async () => {
  await leftBehind("real")
  fs.writeFileSync(join(root, "secret"), "secret")
  const name = segmentName({ begun: 1, spool: "00000000", number: 0, owner: dead, open: false })
  fs.symlinkSync(join(root, "secret"), join(directory, name))
  const spool = open()
  spool.scan()
  expect(await drain(spool)).toEqual(["real"])
  expect(fs.readFileSync(join(root, "secret"), "utf8")).toBe("secret")
})

test("a disk that fails is left alone for a minute, then used again", async () => {
  let full = true
  let time = Date.now()
  const disk = {
    ...realDisk,
    write: (file: number, bytes: Buffer, at: number) => {
      if (!full) return realDisk.write(file, bytes, at)
      realDisk.writeSync(file, bytes.subarray(0, 10), at)
      return Promise.reject(new Error("ENOSPC: no space left on device"))
    },
  }
  const spool = open({ disk, now: () => time })
  expect(await spool.append(entry("one"))).toBe(false)
  expect(await spool.append(entry("two"))).toBe(false)
  expect(troubles).toEqual(["ENOSPC: no space left on device"])
  full = false
  time += 61_000
  expect(await spool.append(entry("three"))).toBe(true)
  expect(await drain(spool)).toEqual(["three"])
  expect(drops).toEqual([])
})

test("names say everything, in the order in which files were begun", () => {
  const name = { begun: 1_700_000_000_000, spool: "0a1b2c3d", number: 37, owner: dead, open: true }
  expect(parseSegmentName(segmentName(name))).toEqual(name)
  const later = segmentName({ ...name, begun: name.begun + 1 })
  expect(segmentName(name) < later).toBe(true)
  expect(parseSegmentName("something.txt")).toBeUndefined()
})
