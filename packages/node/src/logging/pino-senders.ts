// Streams of pino by which the app sends its lines to a collector itself. What they take is not recorded a second time.
const senders = new WeakSet<object>()
const sendingModules =
  /[\\/]node_modules[\\/](?:pino-opentelemetry-transport|@hyperdx[\\/]node-(?:opentelemetry|logger))[\\/]/

interface ThreadOptions {
  readonly filename?: unknown
  readonly workerData?: { readonly targets?: readonly { readonly target?: unknown }[] }
}

/** A transport runs in a thread of its own; only when it is made is it known what it does. */
export function markSenders(ThreadStream: new (options: ThreadOptions) => object): unknown {
  return new Proxy(ThreadStream, {
    construct(target, args: [ThreadOptions], newTarget) {
      const stream = Reflect.construct(target, args, newTarget) as object
      if (isSender(args[0])) senders.add(stream)
      return stream
    },
  })
}

const isSender = (options: ThreadOptions | undefined): boolean =>
  [options?.filename, ...(options?.workerData?.targets ?? []).map(({ target }) => target)].some(
    (file) => typeof file === "string" && sendingModules.test(file),
  )

/** A multistream is one if one of its streams is, or is what @opentelemetry/instrumentation-pino has put there. */
export function isSentByTheApp(stream: object): boolean {
  if (senders.has(stream)) return true
  const { streams } = stream as { streams?: unknown }
  if (!Array.isArray(streams)) return false
  for (const { stream: one } of streams as { stream: object }[]) {
    if (senders.has(one) || one.constructor?.name === "OTelPinoStream") return true
  }
  return false
}
