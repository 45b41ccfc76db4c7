// Certificates and keys of a connection: PEM text as it is, else the path of a file that holds it.
import { fs } from "./builtins.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"

export interface TlsFiles {
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
}

export function tlsFiles({ certificate, clientCertificate, clientKey }: ConnectionConfig): TlsFiles {
  return {
    ...(certificate === undefined ? {} : { ca: read("certificate", certificate) }),
    ...(clientCertificate === undefined ? {} : { cert: read("clientCertificate", clientCertificate) }),
    ...(clientKey === undefined ? {} : { key: read("clientKey", clientKey) }),
  }
}

function read(option: string, pathOrPem: string): Buffer {
  if (pathOrPem.startsWith("-----BEGIN")) return Buffer.from(pathOrPem)
  try {
    return fs.readFileSync(pathOrPem)
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw new ClickstackError(
      "CONFIG_INVALID",
      `${option}: the file ${pathOrPem} cannot be read (${code ?? "?"})`,
      { cause },
    )
  }
}
