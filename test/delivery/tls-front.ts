// TLS before a port, with a certificate that has expired until it is renewed.
import { writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { createServer } from "node:tls"
import { certificate } from "../receiver/certificate.ts"

export interface TlsFront extends AsyncDisposable {
  readonly port: number
  readonly renew: () => void
}

/** @param authorityFile Where the authority's certificate is written, for clients to trust. */
export async function startTlsFront(
  target: number,
  authorityFile: string,
  protocols: string[],
): Promise<TlsFront> {
  const authority = certificate("Test authority")
  writeFileSync(authorityFile, authority.cert)
  const yesterday = Date.now() - 86_400_000
  const hosts = ["localhost"] // Node warns of addresses
  const expired = certificate("front", {
    hosts,
    issuer: authority,
    validFrom: new Date(yesterday - 86_400_000),
    validTo: new Date(yesterday),
  })
  const good = certificate("front", { hosts, issuer: authority })
  const server = createServer(
    { key: expired.key, cert: expired.cert, ALPNProtocols: protocols },
    (client) => {
      const upstream = connect(target, "127.0.0.1")
      client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy())
      upstream.on("error", () => client.destroy()).on("close", () => client.destroy())
      client.pipe(upstream).pipe(client)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    renew: () => server.setSecureContext({ key: good.key, cert: good.cert }),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
