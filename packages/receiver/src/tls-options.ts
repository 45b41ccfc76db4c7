// The part of Node.js's TLS options that both doors share.
import type { TlsOptions as NodeTlsOptions } from "node:tls"
import type { Limits, TlsOptions } from "./options.ts"

export function tlsOptions(tls: TlsOptions, limits: Readonly<Limits>): NodeTlsOptions {
  const { key, cert, ca, requireClientCertificate = false } = tls
  return {
    key: key as string,
    cert: cert as string,
    ...(ca !== undefined && { ca: ca as string }),
    requestCert: requireClientCertificate,
    rejectUnauthorized: requireClientCertificate,
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.headersTimeoutMillis,
  }
}
