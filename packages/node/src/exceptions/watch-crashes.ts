// Sees what nobody caught. Node tells its monitor of every exception that ends the process, or that the app's handler is
// about to get, and a monitor changes nothing. Rejections that the app handles never come there; they are heard beside the
// app's own listener, and only while there is one: a listener alone would keep the process from ending.

export interface CrashWatch {
  readonly record: (error: unknown, dying: boolean) => void
  /** Rejections that nobody listens to neither end this process nor change what it does: --unhandled-rejections. */
  readonly rejectionsPass: boolean
}

const rejection = "unhandledRejection"
const monitor = "uncaughtExceptionMonitor"

/** Node's own, around the reason of a rejection that is no error. */
const wrapped = "ERR_UNHANDLED_REJECTION"

export function watchCrashes({ record, rejectionsPass }: CrashWatch): () => void {
  let heard: unknown // the last reason that is no error

  const onCrash = (error: unknown, origin: string): void => {
    const isSameReason =
      origin === rejection && heard !== undefined && (error as { code?: unknown } | null)?.code === wrapped
    const isLast =
      process.listenerCount("uncaughtException") === 0 && !process.hasUncaughtExceptionCaptureCallback()
    if (!isSameReason) record(error, isLast)
    heard = undefined
  }
  const onRejection = (reason: unknown): void => {
    if (!(reason instanceof Error)) heard = reason
    record(reason, false)
  }
  const othersHear = () => process.listeners(rejection).some((one) => one !== onRejection)
  const onNewListener = (event: string | symbol, listener: unknown): void => {
    if (event !== rejection || listener === onRejection || process.listeners(rejection).includes(onRejection))
      return
    process.prependListener(rejection, onRejection) // the app's follows
  }
  const onRemoveListener = (event: string | symbol): void => {
    if (event === rejection && !rejectionsPass && !othersHear()) process.off(rejection, onRejection)
  }

  process.on(monitor, onCrash)
  process.on("newListener", onNewListener)
  process.on("removeListener", onRemoveListener)
  if (rejectionsPass || othersHear()) process.prependListener(rejection, onRejection)
  return () => {
    process.off("newListener", onNewListener)
    process.off("removeListener", onRemoveListener)
    process.off(monitor, onCrash)
    process.off(rejection, onRejection)
  }
}

/**
 * Whether a rejection that nobody listens to leaves the process as it is: Node's --unhandled-rejections, whose last word
 * counts, says "warn" or "none". Everywhere else a listener of ours would change what Node does.
 */
export function doRejectionsPass(arguments_: readonly string[], nodeOptions: string | undefined): boolean {
  const words = [...(nodeOptions?.split(/\s+/) ?? []), ...arguments_]
  let mode = ""
  for (const [index, word] of words.entries()) {
    const [, given] = /^--unhandled[-_]rejections(?:=(.*))?$/.exec(word) ?? []
    if (given !== undefined) mode = given
    else if (/^--unhandled[-_]rejections$/.test(word)) mode = words[index + 1] ?? ""
  }
  return mode === "warn" || mode === "none"
}
