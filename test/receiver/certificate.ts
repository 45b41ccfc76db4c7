// Certificates for tests, made on the spot: X.509 by hand, for Node.js makes keys and signatures but no certificates.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { isIP } from "node:net"

export interface Certificate {
  readonly key: string
  readonly cert: string
  readonly name: string
  readonly privateKey: KeyObject
}

interface Wanted {
  /** DNS names and addresses that the certificate is for. */
  hosts?: string[]
  /** Who signs; without one the certificate is an authority that signs itself. */
  issuer?: Certificate
  validFrom?: Date
  validTo?: Date
}

export function certificate(
  name: string,
  { hosts = [], issuer, validFrom, validTo }: Wanted = {},
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const day = 86_400_000
  const extensions = [
    ...(issuer ? [] : [extension("551d13", sequence(der(0x01, Buffer.from([0xff]))))]),
    ...(hosts.length > 0 ? [extension("551d11", sequence(...hosts.map(alternativeName)))] : []),
  ]
  const body = sequence(
    der(0xa0, integer(2)),
    integer(Date.now()),
    ecdsaWithSha256,
    distinguishedName(issuer?.name ?? name),
    sequence(time(validFrom ?? new Date(Date.now() - day)), time(validTo ?? new Date(Date.now() + day))),
    distinguishedName(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign("sha256", body, issuer?.privateKey ?? privateKey)
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString("base64").match(/.{1,64}/g)!
  return {
    name,
    privateKey,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  }
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const objectId = (hex: string) => der(0x06, Buffer.from(hex, "hex"))
const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"))

function integer(value: number): Buffer {
  const hex = value.toString(16)
  // A leading zero keeps it positive.
  return der(0x02, Buffer.from(`00${hex.length % 2 ? "0" : ""}${hex}`.replace(/^00(?=[0-7])/, ""), "hex"))
}

const distinguishedName = (name: string) =>
  sequence(der(0x31, sequence(objectId("550403"), der(0x0c, Buffer.from(name)))))

const time = (date: Date) => der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, "")))

const extension = (oid: string, value: Buffer) => sequence(objectId(oid), der(0x04, value))

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split(".").map(Number)))
  if (host === "::1") return der(0x87, Buffer.from(`${"00".repeat(15)}01`, "hex"))
  return der(0x82, Buffer.from(host))
}
