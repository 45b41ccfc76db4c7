// What happens to the place on disk: D16, D17.
import { execFileSync } from "node:child_process"
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { crc32 } from "node:zlib"
import { expect } from "vitest"
import type { Fault } from "../fault.ts"
import { eventually, type Tally, type World } from "../world.ts"
import { everywhere } from "./everywhere.ts"

const canMount = succeeds("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt")

function succeeds(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const filesOf = (world: World) =>
  readdirSync(world.state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const bytesOf = (world: World) => filesOf(world).reduce((sum, file) => sum + sizeOf(file), 0)

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0 // it went meanwhile
  }
}

/** A process that leaves three batches of ten spans on disk; gives the largest file. */
async function leaveBehind(world: World): Promise<string> {
  await world.proxy.become({ kind: "refuse" })
  const app = world.start({ CLICKSTACK_TRACES_BATCH_SIZE: "10", CLICKSTACK_TRACES_DELAY: "60000" })
  await app.ask("spans", 29)
  await app.ask("spans", 1)
  await app.ask("exit", 0)
  expect(await app.ended).toMatchObject({ code: 0 })
  await world.proxy.become({ kind: "none" })
  return filesOf(world).toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]!
}

const damaged = (damage: (file: string) => void) => async (world: World) => {
  damage(await leaveBehind(world))
  const app = world.start()
  await app.ask("spans", 5)
  const tally = await world.settled(app)
  await eventually(() => expect(filesOf(world)).toEqual([]))
  return tally
}

const change = (with_: (bytes: Buffer) => Uint8Array) => (file: string) =>
  writeFileSync(file, with_(readFileSync(file)))

/** The version is the fifth byte of a frame's header, of which the last four are the checksum. */
function futureVersion(bytes: Buffer): Buffer {
  bytes[4] = 99
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 1
  return bytes
}

/** The directory that an app like the next has had, with nothing in it. */
async function emptyDirectory(world: World): Promise<string> {
  const file = await leaveBehind(world)
  await world.settled(world.start())
  return dirname(file)
}

/** The directory cannot be used: what is recorded waits in memory, and one line says so. */
const inMemoryOnly =
  (prepare: (world: World) => Prepared | Promise<Prepared>) =>
  async (world: World): Promise<Tally> => {
    const { spool, wrapper = [] } = await prepare(world)
    await world.proxy.become({ kind: "refuse" })
    // Batches that no 4 KiB can hold.
    const env = {
      CLICKSTACK_TRACES_DELAY: "60000",
      ...(spool === undefined ? {} : { CLICKSTACK_SPOOL: spool }),
    }
    const app = world.start({ ...env, CLICKSTACK_TRACES_BATCH_SIZE: "500" }, { wrapper })
    for (let round = 0; round < 3; round++) await app.ask("random", 500, 200)
    await eventually(async () => {
      const { stats } = await app.ask("stats")
      expect(stats.traces[0]!.lastError).toBeDefined()
    })
    const { stats } = await app.ask("rate", 500, 1000)
    expect(stats.traces[0]).toMatchObject({ waiting: 2000, spooled: 0 })
    await world.proxy.become({ kind: "none" })
    const tally = await world.settled(app)
    await app.ask("end")
    const { code, stdout, stderr } = await app.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(stderr.split("\n").filter((line) => line.includes("waits in memory only"))).toHaveLength(1)
    expect(stderr).toMatch(/^(clickstack: .*\n)+$/)
    return tally
  }

interface Prepared {
  /** Not where it is by default. */
  readonly spool?: string
  readonly wrapper?: readonly string[]
}

const mounted = (world: World, options: string) => {
  const spool = join(world.state, "mounted")
  mkdirSync(spool, { mode: 0o700 })
  const script = `mount -t tmpfs -o ${options} tmpfs '${spool}' && exec "$@"`
  return { spool, wrapper: ["unshare", "-m", "sh", "-c", script, "sh"] }
}

export const diskFaults: readonly Fault[] = [
  {
    id: "D16",
    when: "a file on disk is cut short",
    happens: "The batch that was hit is skipped and counted as `spool_damaged`; the others are sent.",
    on: everywhere,
    run: damaged(change((bytes) => bytes.subarray(0, bytes.length - 3))),
  },
  {
    id: "D16",
    when: "a bit of it flips",
    happens: "The same.",
    on: everywhere,
    run: damaged(change(flipped)),
  },
  {
    id: "D16",
    when: "a batch in it is of a later version",
    happens: "The same.",
    on: everywhere,
    run: damaged(change(futureVersion)),
  },
  {
    id: "D16",
    when: "an empty file and one of a stranger lie beside it",
    happens: "They are skipped; all batches are sent.",
    on: everywhere,
    run: damaged((file) => {
      const name = file.slice(dirname(file).length + 1)
      const another = name.replace(/\d/, (digit) => String((Number(digit) + 1) % 10))
      copyFileSync("/dev/null", join(dirname(file), another))
    }),
  },
  {
    id: "D17",
    when: "what is kept reaches the cap of the disk (`spoolBytes`, 512 MiB)",
    happens: "The oldest is dropped and counted as `spool_full`; the cap is never passed.",
    on: everywhere,
    env: { CLICKSTACK_SPOOL_BYTES: "200000", CLICKSTACK_TRACES_BATCH_SIZE: "50" },
    run: async (world) => {
      await world.proxy.become({ kind: "refuse" })
      const app = world.start()
      let most = 0
      for (let round = 0; round < 20; round++) {
        await app.ask("random", 100, 1000)
        await eventually(async () => {
          most = Math.max(most, bytesOf(world))
          expect((await app.ask("stats")).stats.traces[0]!.waiting).toBe(0)
        })
      }
      expect(most).toBeLessThanOrEqual(200_000)
      await world.proxy.become({ kind: "none" })
      const tally = await world.settled(app)
      expect(tally.recorded).toBe(2000)
      expect(tally.dropped["spool_full"]).toBeGreaterThan(1000)
      // What is left is what came last, beside the batches that were at hand to be sent.
      expect((await world.numbers()).slice(-50)).toEqual(
        Array.from({ length: 50 }, (_, index) => 1950 + index),
      )
      // How much fits depends on how well random data is compressed.
    },
  },
  {
    id: "D17",
    when: "its directory cannot be made",
    happens: "One line; what waits, waits in memory.",
    on: everywhere,
    run: inMemoryOnly((world) => {
      writeFileSync(join(world.state, "file"), "")
      return { spool: join(world.state, "file", "spool") }
    }),
  },
  {
    id: "D17",
    when: "it is on a read-only disk",
    happens: "The same.",
    on: everywhere,
    missing: canMount ? undefined : "the right to mount",
    run: inMemoryOnly((world) => mounted(world, "ro")),
  },
  {
    id: "D17",
    when: "its disk is full",
    happens: "The same.",
    on: everywhere,
    missing: canMount ? undefined : "the right to mount",
    run: inMemoryOnly((world) => mounted(world, "size=4k,mode=700")),
  },
  {
    id: "D17",
    when: "it belongs to another user",
    happens: "The same.",
    on: everywhere,
    missing: process.getuid?.() === 0 ? undefined : "the right to give a directory away",
    run: inMemoryOnly(async (world) => {
      chownSync(await emptyDirectory(world), 12345, 12345)
      return {}
    }),
  },
  {
    id: "D17",
    when: "a symbolic link is in its place",
    happens: "The same.",
    on: everywhere,
    run: inMemoryOnly(async (world) => {
      const directory = await emptyDirectory(world)
      renameSync(directory, join(world.state, "elsewhere"))
      symlinkSync(join(world.state, "elsewhere"), directory)
      return {}
    }),
  },
]
