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
