// Some other server, where a ClickStack or a collector is expected.
import { type RequestListener, createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"

export async function serving(
  listener: RequestListener,
  tls?: { key: string; cert: string },
): Promise<AsyncDisposable & { url: string }> {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const url = `${tls ? "https" : "http"}://127.0.0.1:${port}`
  return {
    url,
    [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))),
  }
}
