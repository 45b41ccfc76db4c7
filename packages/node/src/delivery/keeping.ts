// How items are kept while they wait, in memory and on disk: what `take` makes of one is safe from whatever the app does
// to its objects later.
import type { ItemKind } from "./pack.ts"
import type { Snapshot } from "./snapshot.ts"

const { deserialize, serialize } = process.getBuiltinModule("node:v8")

export interface Keeping<T, K = T> {
  /** What the statistics count an item as: itself, or a collection's data points. */
  readonly count: (item: T) => number
  readonly take: (item: T) => K
  /** The bytes that what `take` gave last holds in memory, rather too many. */
  readonly bytes: () => number
  readonly countKept: (kept: K) => number
  /** A batch as it stands on disk; `passing` bytes are good only until the next ones are. */
  readonly encode: (batch: readonly K[], passing?: boolean) => Uint8Array
  readonly decode: (bytes: Buffer) => K[]
  /** The batch is on disk, and nobody else ever had it. */
  readonly recycle?: ((batch: readonly K[]) => void) | undefined
  /** Two smaller ones in the place of one that is too large for the other side; undefined when it is indivisible. */
  readonly halve?: ((kept: K) => [K, K] | undefined) | undefined
}

/** As plain objects, which any exporter takes. */
export function keepPlain<T>(kind: ItemKind<T>, { take, bytes }: Snapshot<T>): Keeping<T> {
  return {
    count: kind.count,
    take,
    bytes,
    countKept: kind.count,
    encode: (batch) => serialize(kind.pack(batch)),
    decode: (stored) => kind.unpack(deserialize(stored)),
    halve: kind.halve,
  }
}
