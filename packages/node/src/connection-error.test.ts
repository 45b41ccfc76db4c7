import { expect, test } from "vitest"
import { connectionError } from "./connection-error.ts"

const coded = (code: string) => Object.assign(new Error("as Node says it"), { code })

test.each([
  ["ECONNREFUSED", "nothing listens there; is the collector up?"],
  ["CERT_HAS_EXPIRED", "its certificate is not trusted; set certificate, or renew it"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is not trusted; set certificate, or renew it"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is not trusted; set certificate, or renew it"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "it asks for a certificate of ours"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "it does not take our certificate"],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "it does not take our certificate"],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "it does not take our certificate"],
  ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "it does not speak HTTP/2 there"],
  ["ENOTHING", "as Node says it"],
])("%s", (code, expected) => {
  const error = connectionError(coded(code))
  expect(error).toMatchObject({ code: "DELIVERY_FAILED", retryable: true })
  expect(error.message.startsWith(expected)).toBe(true)
  expect(error.message.endsWith(` (${code})`)).toBe(true)
})
