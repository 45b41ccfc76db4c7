// Memory for items that are too large to share a slab. What went to disk gives its own back, for the next ones: V8 frees
// memory outside of its heap only when 64 MB more of it have come together, which would be garbage beside a full queue.

const mostFree = 4 * 1024 * 1024
const free: Buffer[] = []
let freeBytes = 0

export function largeMemory(bytes: number): Buffer {
  const length = roundedUp(bytes)
  const found = free.findLastIndex((memory) => memory.length === length)
  if (found < 0) return Buffer.allocUnsafeSlow(length)
  freeBytes -= length
  return free.splice(found, 1)[0]!
}

/** Nobody may read it any more. */
export function giveBack(memory: Buffer): void {
  free.push(memory)
  freeBytes += memory.length
  while (freeBytes > mostFree) freeBytes -= free.shift()!.length
}

/** To one of eight lengths between two powers of two, so that others fit in. */
function roundedUp(bytes: number): number {
  const step = 2 ** (28 - Math.clz32(bytes))
  return Math.ceil(bytes / step) * step
}
