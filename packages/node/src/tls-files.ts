// Certificates and keys of a connection: PEM text as it is, else the path of a file that holds it. What cannot be read may
// be put right while the process runs, or for the next one, so what was to be sent is kept.
import { fs } from "./builtins.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"

export interface TlsFiles {
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
}

export function tlsFiles({ certificate, clientCertificate, clientKey }: ConnectionConfig): TlsFiles {
  const files: TlsFiles = {
    ...(certificate === undefined ? {} : { ca: read("certificate", certificate) }),
    ...(clientCertificate === undefined ? {} : { cert: read("clientCertificate", clientCertificate) }),
    ...(clientKey === undefined ? {} : { key: read("clientKey", clientKey) }),
  }
  const { ca, cert, key } = files
  if (ca !== undefined) check("certificate: no certificate in PEM", () => certificateOf(ca))
  if (cert !== undefined) check("clientCertificate: no certificate in PEM", () => certificateOf(cert))
  if (key !== undefined) check("clientKey: no private key in PEM", () => crypto().createPrivateKey(key))
  if (cert !== undefined && key !== undefined) {
    check("clientKey: not that of clientCertificate", () => tls().createSecureContext({ cert, key }))
  }
  return files
}

// Loaded where they are needed.
const crypto = () => process.getBuiltinModule("node:crypto")
const tls = () => process.getBuiltinModule("node:tls")

function certificateOf(pem: Buffer): unknown {
  const { X509Certificate } = crypto()
  return new X509Certificate(pem)
}

function read(option: string, pathOrPem: string): Buffer {
  if (pathOrPem.startsWith("-----BEGIN")) return Buffer.from(pathOrPem)
  try {
    return fs.readFileSync(pathOrPem)
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw wrong(`${option}: the file ${pathOrPem} cannot be read (${code ?? "?"})`, cause)
  }
}

/** OpenSSL's own words name no option, and of authorities that it cannot read it says nothing. */
function check(trouble: string, use: () => unknown): void {
  try {
    use()
  } catch (cause) {
    throw wrong(`${trouble} (${(cause as Error).message})`, cause)
  }
}

const wrong = (message: string, cause: unknown): ClickstackError =>
  new ClickstackError("CONFIG_INVALID", message, { cause, retryable: true })
