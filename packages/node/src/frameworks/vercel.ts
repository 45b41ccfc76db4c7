// For Vercel: `export const GET = withFlush(async (request) => ...)`. The answer goes out at once; what was recorded is
// sent meanwhile, and Vercel is asked to wait for it before it freezes the process.
import { flushWithin } from "./flush-within.ts"
import { captureError } from "../context/capture-error.ts"

interface RequestContext {
  readonly waitUntil?: (promise: Promise<unknown>) => void
}
// Where @vercel/functions finds it, too.
const contextKey = Symbol.for("@vercel/request-context")

const timeout = 10_000 // milliseconds: a collector that hangs must not keep the function, which is paid by time

/** Sends what was recorded; for places that `withFlush` cannot wrap. Resolves at once where the platform waits for it. */
export async function flushAfterResponse(): Promise<void> {
  const flushed = flushWithin(timeout)
  const waitUntil = vercelContext()?.waitUntil
  if (waitUntil === undefined) await flushed
  else waitUntil(flushed)
}

export function withFlush<A extends unknown[], R>(
  handler: (...args: A) => R | Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await handler(...args)
    } catch (error) {
      captureError(error)
      throw error
    } finally {
      await flushAfterResponse()
    }
  }
}

function vercelContext(): RequestContext | undefined {
  const { [contextKey]: found } = globalThis as { [contextKey]?: { get?: () => RequestContext | undefined } }
  return found?.get?.()
}
