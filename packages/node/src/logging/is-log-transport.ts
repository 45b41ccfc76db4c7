// Whether this is a thread in which a transport of pino runs, which has the flags of its process and so loads us too. It
// prints and sends lines that the main thread has recorded: nothing that it does is the app's.

/** As thread-stream, by which pino makes it, marks it. */
export function isLogTransport(): boolean {
  const { isMainThread, workerData } = process.getBuiltinModule("node:worker_threads")
  if (isMainThread) return false
  const inner = (workerData as { workerData?: { $context?: { threadStreamVersion?: unknown } } } | null)
    ?.workerData
  return inner?.$context?.threadStreamVersion !== undefined
}
