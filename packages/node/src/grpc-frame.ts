// A gRPC message on the wire: a byte that says whether it is compressed, its length in four bytes, the message.
const { promisify } = process.getBuiltinModule("node:util")
const zlib = process.getBuiltinModule("node:zlib")

const headLength = 5
const decompressors: Readonly<
  Record<string, (message: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflate),
}

/** What answers may be compressed with. */
export const acceptedEncodings: string = ["identity", ...Object.keys(decompressors)].join(",")

export function frameHead(length: number, isCompressed: boolean): Buffer {
  const head = Buffer.allocUnsafe(headLength)
  head.writeUInt8(isCompressed ? 1 : 0)
  head.writeUInt32BE(length, 1)
  return head
}

/** The message of an answer that has one. Rejects when it is not what it says, or grows beyond `largest` bytes. */
export async function unframe(frame: Buffer, encoding: string, largest: number): Promise<Buffer> {
  if (frame.length < headLength) throw new Error("a message of gRPC that is cut short")
  const message = frame.subarray(headLength)
  if (frame.readUInt32BE(1) !== message.length)
    throw new Error("a message of gRPC of another length than it says")
  if (frame[0] === 0) return message
  const decompress = decompressors[encoding]
  if (decompress === undefined) throw new Error(`a message of gRPC compressed with ${encoding}`)
  return decompress(message, { maxOutputLength: largest })
}
