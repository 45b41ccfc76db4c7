// Speaks enough of Kafka's protocol for one message to be produced. A request is its length, then API key and version
// (int16), a correlation id (int32), the client's name and the body; the answer is length, correlation id, body.
// https://kafka.apache.org/protocol
import { type StandIn, startStandIn } from "./stand-in.ts"

const produce = 0
const metadata = 3
const apiVersions = 18

/** The one version of each that we speak; the client takes the highest that both know. */
const spoken = [
  [produce, 3],
  [metadata, 1],
  [apiVersions, 0],
] as const

export async function startKafka(): Promise<StandIn> {
  const standIn = await startStandIn((bytes, socket) => {
    if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) return 0
    const length = 4 + bytes.readInt32BE(0)
    const body = replies[bytes.readInt16BE(4)]?.(standIn.port)
    if (body === undefined) throw new Error(`Kafka's API ${bytes.readInt16BE(4)} is not spoken here`)
    const correlation = bytes.subarray(8, 12)
    socket.write(Buffer.concat([int32(4 + body.length), correlation, body]))
    return length
  })
  return standIn
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => Buffer.from([0, 0, value >> 8, value & 255])
const int64 = (value: number) => Buffer.concat([int32(0), int32(value)])
const string = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])
const list = (...items: Buffer[]) => Buffer.concat([int32(items.length), ...items])

const noError = int16(0)
const noRack = Buffer.from([255, 255])
const orders = string("orders")
const broker = 0
const partition = 0

const replies: Record<number, (port: number) => Buffer> = {
  [apiVersions]: () =>
    Buffer.concat([
      noError,
      list(...spoken.map(([key, version]) => Buffer.concat([int16(key), int16(version), int16(version)]))),
    ]),
  [metadata]: (port) => {
    const brokers = list(Buffer.concat([int32(broker), string("127.0.0.1"), int32(port), noRack]))
    const replicas = list(int32(broker))
    const partitions = list(Buffer.concat([noError, int32(partition), int32(broker), replicas, replicas]))
    const topics = list(Buffer.concat([noError, orders, Buffer.from([0]), partitions]))
    return Buffer.concat([brokers, int32(broker), topics])
  },
  [produce]: () => {
    const partitions = list(Buffer.concat([int32(partition), noError, int64(0), int64(0)]))
    return Buffer.concat([list(Buffer.concat([orders, partitions])), int32(0)])
  },
}
