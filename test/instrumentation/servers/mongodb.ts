// Speaks enough of MongoDB's wire protocol for one query: a greeting, then an empty cursor, "ok" to everything else.
// A message is its length, request id, id it answers, opcode (four little-endian int32), then for OP_MSG (2013) int32
// flags, one byte 0, a BSON document; for OP_QUERY (2004) int32 flags, the collection's name, two int32, a document.
import { BSON } from "mongodb"
import { type StandIn, startStandIn } from "./stand-in.ts"

const opReply = 1
const opQuery = 2004
const opMsg = 2013

const greeting = {
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 25,
  readOnly: false,
}

export function startMongodb(): Promise<StandIn> {
  return startStandIn((bytes, socket) => {
    if (bytes.length < 4 || bytes.length < bytes.readInt32LE(0)) return 0
    const length = bytes.readInt32LE(0)
    const message = bytes.subarray(0, length)
    const opcode = message.readInt32LE(12)
    const command = BSON.deserialize(message.subarray(opcode === opMsg ? 21 : message.indexOf(0, 20) + 9))
    const body = BSON.serialize(replyTo(command))
    const head = Buffer.alloc(opcode === opQuery ? 36 : 21)
    head.writeInt32LE(head.length + body.length, 0)
    head.writeInt32LE(message.readInt32LE(4), 8)
    head.writeInt32LE(opcode === opQuery ? opReply : opMsg, 12)
    if (opcode === opQuery) head.writeInt32LE(1, 32) // one document
    // A monitor's exhaust hello is answered once and then waited on, as by a server where nothing changes.
    socket.write(Buffer.concat([head, body]))
    return length
  })
}

function replyTo(command: Record<string, unknown>): Record<string, unknown> {
  if ("hello" in command || "ismaster" in command || "isMaster" in command) return greeting
  if ("find" in command) return { ok: 1, cursor: { firstBatch: [], id: BSON.Long.ZERO, ns: "shop.orders" } }
  return { ok: 1 }
}
