// Zstandard, which Node.js has from 22.15 on: in this process, or in one of Node.js 24.
import * as zlib from "node:zlib"
import { describe, expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { receiverProcess } from "./child.ts"
import { call, post, protobuf, protobufOf } from "./requests.ts"

const MiB = 1024 * 1024
const here = "createZstdDecompress" in zlib
const node = here ? process.execPath : await nodeBinary("24")
const headers = { ...protobuf, "content-encoding": "zstd" }

/** A frame of blocks, without a compressor: [regenerated size, content]; content of one byte is repeated. */
function frame(blocks: [size: number, content: Uint8Array][], windowLog = 17): Buffer {
  // Magic number; no content size, no checksum; a window of 2^windowLog.
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3])]
  for (const [i, [size, content]] of blocks.entries()) {
    const isLast = Number(i === blocks.length - 1)
    const type = content.length === 1 && size > 1 ? 1 : 0
    const header = Buffer.alloc(3)
    header.writeUIntLE(isLast | (type << 1) | (size << 3), 0, 3)
    parts.push(header, content)
  }
  return Buffer.concat(parts)
}

const plain = (bytes: Buffer) => frame([[bytes.length, bytes]])

describe("with Zstandard", () => {
  test("a body is taken", async () => {
    await using child = await receiverProcess({}, node)
    expect(await post(`${child.url}/v1/traces`, plain(protobufOf(50)), headers)).toMatchObject({
      status: 200,
    })
    const broken = await post(`${child.url}/v1/traces`, plain(protobufOf(50)).subarray(0, -9), headers)
    expect(broken).toMatchObject({
      status: 400,
      message: expect.stringMatching(/^the body cannot be decompressed/),
    })
  })

  test("32 KiB that grow to a gigabyte are 413, and cost less than 100 MB", async () => {
    await using child = await receiverProcess({}, node)
    const block: [number, Uint8Array] = [128 * 1024, Buffer.from([0])]
    const bomb = frame(Array.from({ length: 8192 }, () => block))
    expect(bomb.length).toBeLessThan(64 * 1024)
    await post(`${child.url}/v1/traces`, plain(protobufOf(50)), headers)
    const before = await child.peak()
    expect(await post(`${child.url}/v1/traces`, bomb, headers)).toMatchObject({ status: 413 })
    expect(((await child.peak()) - before) / MiB).toBeLessThan(100)
  })

  test("a frame that wants a window of 1 GiB is 400", async () => {
    await using child = await receiverProcess({}, node)
    const greedy = frame([[protobufOf(1).length, protobufOf(1)]], 30)
    expect(await post(`${child.url}/v1/traces`, greedy, headers)).toMatchObject({ status: 400 })
  })

  test("HTTP and gRPC work there too", async () => {
    await using child = await receiverProcess({}, node)
    expect(await post(`${child.url}/v1/traces`, protobufOf(50))).toMatchObject({ status: 200 })
    expect(
      await call(child.grpcUrl, protobufOf(50), { options: { "grpc.default_compression_algorithm": 2 } }),
    ).toMatchObject({
      code: 0,
    })
  })
})

test.skipIf(here)("without Zstandard it is 415, and the answer says what there is", async () => {
  await using child = await receiverProcess()
  const answer = await post(`${child.url}/v1/traces`, plain(protobufOf(1)), headers)
  expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, "gzip, deflate"])
})
