// Items kept as the bytes of an OTLP request: each is encoded once, when it is recorded, and the same bytes are sent or
// written to disk.
import type { Keeping } from "../delivery/keeping.ts"
import type { ItemKind } from "../delivery/pack.ts"
import type { EncodedItem, ItemEncoder } from "./encoded-item.ts"
import { decodeRequest, encodeRequest } from "./export-request.ts"
import { giveBack } from "./large-memory.ts"

const { deserialize } = process.getBuiltinModule("node:v8")

const objectBytes = 80 // of what refers to the bytes, and its share of a slab's end

// When the memory is full, batches go to disk one after the other: each in its own memory would double what is used.
let passed: Buffer | undefined

function passingMemory(bytes: number): Buffer {
  if (passed === undefined || passed.length < bytes) passed = Buffer.allocUnsafeSlow(bytes * 1.25)
  return passed.subarray(0, bytes)
}

export function keepEncoded<T>(kind: ItemKind<T>, { encode }: ItemEncoder<T>): Keeping<T, EncodedItem> {
  let size = 0
  return {
    count: kind.count,
    take: (item) => {
      const encoded = encode(item)
      const { slab, from, to, isAlone } = encoded
      size = objectBytes + (isAlone ? slab.length : to - from)
      return encoded
    },
    bytes: () => size,
    countKept: () => 1,
    encode: (batch, passing = false) => encodeRequest(batch, passing ? passingMemory : undefined),
    recycle: (batch) => {
      for (const { slab, isAlone } of batch) if (isAlone) giveBack(slab)
    },
    // A batch of plain objects is there if the protocol was http/json before.
    decode: (stored) =>
      isRequest(stored)
        ? decodeRequest(stored)
        : kind.unpack(deserialize(stored)).map((item) => encode(item)),
  }
}

/** For http/json: encoded when it is sent. What is on disk since the protocol was http/protobuf is sent as it is. */
export function keepForJson<T>(keeping: Keeping<T>): Keeping<T, T | EncodedItem> {
  return {
    ...keeping,
    countKept: () => 1,
    encode: (batch) => keeping.encode(batch as T[]),
    decode: (stored) => (isRequest(stored) ? decodeRequest(stored) : keeping.decode(stored)),
    halve: undefined,
    recycle: undefined,
  }
}

/** Whether a batch on disk is a request, which begins with its first field, or plain objects. */
const isRequest = (stored: Uint8Array): boolean => stored[0] === 0x0a
