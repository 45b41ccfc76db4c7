// Encoded items as one request and back: their bytes are copied, never read.
//   ExportTraceServiceRequest, ExportLogsServiceRequest   1 ResourceSpans, ResourceLogs
//   ResourceSpans, ResourceLogs   1 resource   2 ScopeSpans, ScopeLogs   3 schema URL
//   ScopeSpans, ScopeLogs         1 scope      2 items                   3 schema URL
import type { EncodedItem, Envelope } from "./encoded-item.ts"
import { varintBytes } from "./protobuf-writer.ts"

/** Parts of slabs that follow each other, and their bytes. */
interface Pieces {
  readonly list: { slab: Buffer; from: number; to: number }[]
  bytes: number
}

/** @param memory Gives the bytes that it is written to. */
export function encodeRequest(
  items: readonly EncodedItem[],
  memory: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const resources = new Map<Envelope | undefined, Map<Envelope, Pieces>>()
  let last: Envelope | undefined
  let pieces: Pieces | undefined
  for (const { slab, from, to, scope } of items) {
    if (scope !== last || pieces === undefined) {
      pieces = piecesOf(resources, scope)
      last = scope
    }
    const before = pieces.list.at(-1)
    if (before !== undefined && before.slab === slab && before.to === from) before.to = to
    else pieces.list.push({ slab, from, to })
    pieces.bytes += to - from
  }

  const messages = [...resources].map(([resource, scopes]) => {
    const parts = [...scopes].map(([scope, { list, bytes }]) => {
      const before = scope.before()
      const behind = scope.behind()
      return { before, behind, list, length: before.length + bytes + behind.length }
    })
    const inside = parts.reduce((sum, { length }) => sum + 1 + varintBytes(length) + length, 0)
    const before = resource?.before() ?? nothing
    const behind = resource?.behind() ?? nothing
    return { before, behind, parts, length: before.length + inside + behind.length }
  })
  const request = memory(messages.reduce((sum, { length }) => sum + 1 + varintBytes(length) + length, 0))

  let at = 0
  const begin = (tag: number, length: number, before: Uint8Array) => {
    request[at++] = tag
    for (let rest = length; ; rest >>>= 7) {
      request[at++] = rest > 127 ? (rest & 127) | 128 : rest
      if (rest <= 127) break
    }
    put(before)
  }
  const put = (bytes: Uint8Array) => {
    request.set(bytes, at)
    at += bytes.length
  }
  for (const message of messages) {
    begin(0x0a, message.length, message.before)
    for (const part of message.parts) {
      begin(0x12, part.length, part.before)
      for (const { slab, from, to } of part.list) at += slab.copy(request, at, from, to)
      put(part.behind)
    }
    put(message.behind)
  }
  return request
}

function piecesOf(resources: Map<Envelope | undefined, Map<Envelope, Pieces>>, scope: Envelope): Pieces {
  let scopes = resources.get(scope.outer)
  if (scopes === undefined) resources.set(scope.outer, (scopes = new Map()))
  let pieces = scopes.get(scope)
  if (pieces === undefined) scopes.set(scope, (pieces = { list: [], bytes: 0 }))
  return pieces
}

const nothing = new Uint8Array(0)

/** The items of a request that was encoded before. They keep its bytes. Throws for what is no request. */
export function decodeRequest(request: Buffer): EncodedItem[] {
  const items: EncodedItem[] = []
  for (const resource of fieldsOf(request, 0, request.length)) {
    if (resource.tag !== 0x0a) throw malformed(resource.from)
    const outer = envelope(request, resource)
    for (const scope of fieldsOf(request, resource.content, resource.to)) {
      if (scope.tag !== 0x12) continue
      const inner = { ...envelope(request, scope), outer }
      for (const item of fieldsOf(request, scope.content, scope.to)) {
        if (item.tag !== 0x12) continue
        items.push({ slab: request, from: item.from, to: item.to, isAlone: false, scope: inner })
      }
    }
  }
  return items
}

/** What stands before and behind the fields 2. */
function envelope(request: Buffer, { content, to }: Field): Envelope {
  const before: Buffer[] = []
  const behind: Buffer[] = []
  let isBehind = false
  for (const { tag, from, to: end } of fieldsOf(request, content, to)) {
    if (tag === 0x12) isBehind = true
    else (isBehind ? behind : before).push(request.subarray(from, end))
  }
  const [first, last] = [Buffer.concat(before), Buffer.concat(behind)] as const
  return { before: () => first, behind: () => last }
}

interface Field {
  readonly tag: number
  readonly from: number
  readonly content: number
  readonly to: number
}

/** Only fields with a length stand in these messages. */
function* fieldsOf(bytes: Buffer, from: number, end: number): Generator<Field> {
  let at = from
  while (at < end) {
    const start = at
    const tag = bytes[at++]!
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 28) throw malformed(start)
      length += (byte & 127) * scale
      if (byte < 128) break
    }
    const to = at + length
    if ((tag & 7) !== 2 || tag > 127 || to > end) throw malformed(start)
    yield { tag, from: start, content: at, to }
    at = to
  }
}

const malformed = (at: number) => new Error(`it is no OTLP request: byte ${at}`)
