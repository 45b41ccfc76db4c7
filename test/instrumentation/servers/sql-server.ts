// Speaks enough of SQL Server's protocol (TDS 7.4) for a login and statements without rows. A packet is its type, a
// status whose lowest bit marks a message's last packet, its length (uint16), four more bytes, then data.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds
import { type StandIn, startStandIn } from "./stand-in.ts"

const prelogin = 0x12
const login = 0x10
const rpc = 0x03
const head = 8

export function startSqlServer(): Promise<StandIn> {
  return startStandIn((bytes, socket) => {
    if (bytes.length < head || bytes.length < bytes.readUInt16BE(2)) return 0
    const length = bytes.readUInt16BE(2)
    if ((bytes[1]! & 1) === 1) socket.write(packet(replyTo(bytes[0]!)))
    return length
  })
}

function packet(data: Buffer): Buffer {
  const bytes = Buffer.alloc(head)
  bytes[0] = 0x04 // a reply
  bytes[1] = 1
  bytes.writeUInt16BE(head + data.length, 2)
  return Buffer.concat([bytes, data])
}

const done = Buffer.from([0xfd, ...Array<number>(12).fill(0)])
const doneProcedure = Buffer.from([0xfe, ...Array<number>(12).fill(0)])

function replyTo(type: number): Buffer {
  if (type === prelogin) {
    // Options: a version at offset 11, six bytes; encryption at 17, one byte: 2, not supported. 255 ends them.
    return Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 255, 16, 0, 0, 0, 0, 0, 2])
  }
  if (type === login) {
    const name = Buffer.from("stand-in", "utf16le")
    const body = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4, name.length / 2]), name, Buffer.alloc(4)])
    return Buffer.concat([Buffer.from([0xad, body.length, 0]), body, done])
  }
  return type === rpc ? doneProcedure : done
}
