// The SDK that this process has started, for what is imported beside it.
import type { Clickstack } from "./start.ts"

const key = Symbol.for("@clickstack/node")

export const running = (): Clickstack | undefined =>
  (globalThis as { [key]?: { clickstack: Clickstack } })[key]?.clickstack
