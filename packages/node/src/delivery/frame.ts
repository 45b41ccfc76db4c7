// How a batch stands in a spool file. A header of 32 bytes, little-endian, then the payload:
//   0 "CSPL"   4 version   5 state: 0 waits, 255 done   6 flags: 1 deflated   7 zero   8 items   12 payload bytes
//   16 id (8 bytes, the same batch written twice has one)   24 CRC-32 of the payload   28 CRC-32 of bytes 0 to 27
// The checksum of the header takes the state as 0, so that a delivered batch is marked by writing one byte. Later
// versions keep bytes 0 to 31, so that what cannot be read can still be counted and skipped. The payload is an OTLP
// request, or what V8's serializer makes of plain objects; version 1 had those as one row for each item.
const { crc32 } = process.getBuiltinModule("node:zlib")

const magic = Buffer.from("CSPL")
const version = 2
const deflated = 1
const done = 255
export const headerBytes = 32
/** From the beginning of a frame. */
export const stateAt = 5

export interface Frame {
  /** Where its state stands in the file. */
  readonly stateAt: number
  readonly items: number
  readonly id: string
  /** Absent when it is already delivered, or the header says that it cannot be. */
  readonly payload: Buffer | undefined
  readonly deflated: boolean
  /** Why it cannot be read, if so: computes the checksum. */
  readonly damage: () => string | undefined
}

export const doneMark: Buffer = Buffer.from([done])

export function encodeFrame(
  payload: Uint8Array,
  { id, items, isDeflated }: { id: string; items: number; isDeflated: boolean },
): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.byteLength)
  magic.copy(frame, 0)
  frame[4] = version
  frame[stateAt] = 0
  frame[6] = isDeflated ? deflated : 0
  frame[7] = 0
  frame.writeUInt32LE(items, 8)
  frame.writeUInt32LE(payload.byteLength, 12)
  frame.write(id, 16, 8, "hex")
  frame.writeUInt32LE(crc32(payload), 24)
  frame.writeUInt32LE(crc32(frame.subarray(0, 28)), 28)
  frame.set(payload, headerBytes)
  return frame
}

/** Every frame of a file. After damage to a header it goes on at the next header that is sound. */
export function* framesOf(file: Buffer): Generator<Frame> {
  let at = 0
  while (at < file.length) {
    if (!isHeader(file, at)) {
      const next = nextHeader(file, at + 1)
      yield { ...unknown(at), damage: () => "a header is damaged" }
      at = next
      continue
    }
    const length = file.readUInt32LE(at + 12)
    const end = at + headerBytes + length
    const payload = file.subarray(at + headerBytes, end)
    const whole = payload.length === length
    const checksum = file.readUInt32LE(at + 24)
    const isDone = file[at + stateAt] === done
    const unreadable = isDone
      ? undefined
      : !whole
        ? "it ends too soon"
        : file[at + 4] !== version
          ? `it is of version ${file[at + 4]}, this is version ${version}`
          : undefined
    yield {
      stateAt: at + stateAt,
      items: isDone ? 0 : file.readUInt32LE(at + 8),
      id: file.toString("hex", at + 16, at + 24),
      payload: isDone || unreadable !== undefined ? undefined : payload,
      deflated: (file[at + 6]! & deflated) !== 0,
      damage: () =>
        unreadable ?? (isDone || crc32(payload) === checksum ? undefined : "its checksum is wrong"),
    }
    // A frame that was cut short may be followed by whole ones.
    at = whole ? end : nextHeader(file, at + headerBytes)
  }
}

const unknown = (at: number) => ({
  stateAt: at + stateAt,
  items: 0,
  id: "",
  payload: undefined,
  deflated: false,
})

function isHeader(file: Buffer, at: number): boolean {
  if (at + headerBytes > file.length || file.compare(magic, 0, 4, at, at + 4) !== 0) return false
  const header = Buffer.from(file.subarray(at, at + 28))
  header[stateAt] = 0
  return crc32(header) === file.readUInt32LE(at + 28)
}

function nextHeader(file: Buffer, from: number): number {
  for (let at = file.indexOf(magic, from); at >= 0; at = file.indexOf(magic, at + 1)) {
    if (isHeader(file, at)) return at
  }
  return file.length
}
