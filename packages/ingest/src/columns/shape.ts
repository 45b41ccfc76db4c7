// The sorted keys of an attribute map, encoded. Attributes of one kind of span have the same keys in the same order,
// so the sorting, and the bytes of the keys, are kept in a tree that is walked by the keys as they stand in the object.
import { Bytes } from "../bytes.ts"

export interface Shape {
  /** Ascending by their UTF-8 bytes, as ClickStack's tables want them. */
  readonly keys: readonly string[]
  /** The keys as ClickHouse strings, one after the other. */
  readonly bytes: Uint8Array
}

interface Node {
  readonly next: Map<string, Node>
  shape: Shape | undefined
}

// Keys that carry ids make a new shape each time. The tree is then dropped and begun again, which costs less than
// keeping track of what is used.
const maxHeldBytes = 4 * 1024 * 1024
// A node with its Map, and a key's place in a shape, about.
const nodeBytes = 200
const keyBytes = 8
const maxKeys = 64

let root: Node = { next: new Map(), shape: undefined }
let heldBytes = 0

export function shapeOf(attributes: object): Shape {
  const keys = Object.keys(attributes)
  if (keys.length > maxKeys) return createShape(keys)
  let node = root
  for (const key of keys) node = node.next.get(key) ?? grow(node, key)
  return (node.shape ??= remember(createShape(keys)))
}

function grow(parent: Node, key: string): Node {
  hold(nodeBytes + key.length * 2)
  const node: Node = { next: new Map(), shape: undefined }
  parent.next.set(key, node)
  return node
}

function remember(shape: Shape): Shape {
  hold(shape.bytes.length + shape.keys.length * keyBytes)
  return shape
}

function hold(bytes: number): void {
  heldBytes += bytes
  if (heldBytes <= maxHeldBytes) return
  root = { next: new Map(), shape: undefined }
  heldBytes = 0
}

const encoded = new Bytes()

function createShape(keys: string[]): Shape {
  const sorted = keys.toSorted(compareUtf8)
  encoded.clear()
  for (const key of sorted) encoded.string(key)
  return { keys: sorted, bytes: Uint8Array.from(encoded.written()) }
}

// JavaScript compares UTF-16 units, which is the order of the UTF-8 bytes only where there are no surrogates.
const surrogate = /[\ud800-\udfff]/

/** Orders texts by their UTF-8 bytes, as ClickHouse and ClickStack's collector do. */
export function compareUtf8(one: string, other: string): number {
  if (surrogate.test(one) || surrogate.test(other)) {
    return Buffer.compare(Buffer.from(one), Buffer.from(other))
  }
  return one < other ? -1 : one > other ? 1 : 0
}
