// Where a value stands: `resourceSpans[0].scopeSpans[0].spans[3].kind`. Found by reading from the start again once a
// fault is known, so that reading what is right keeps no account of it.
import type { Buffer } from "node:buffer"
import { JsonReader } from "./json-reader.ts"

/** The path of the value that begins at `position`, up to which the text is JSON; empty for the whole. */
export function jsonPath(bytes: Buffer, position: number): string {
  return pathBelow(new JsonReader(bytes), position, "") ?? ""
}

function pathBelow(reader: JsonReader, position: number, path: string): string | undefined {
  const byte = reader.peek()
  if (reader.position === position) return path
  if (byte === 0x7b) {
    if (!reader.openObject()) return undefined
    do {
      const key = reader.key()
      const found = pathBelow(reader, position, path === "" ? key : `${path}.${key}`)
      if (found !== undefined) return found
    } while (reader.moreFields())
  } else if (byte === 0x5b) {
    if (!reader.openList()) return undefined
    let index = 0
    do {
      const found = pathBelow(reader, position, `${path}[${index++}]`)
      if (found !== undefined) return found
    } while (reader.moreItems())
  } else {
    reader.skip()
  }
  return undefined
}
