// Why there is no connection, or not the kind that was wanted, in words that name the next step.
import { ClickstackError } from "./clickstack-error.ts"

const otherProtocol = "it does not speak gRPC there; is it https:// instead, or the port of OTLP over HTTP?"

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    "nothing listens there; is the collector up? ClickStack's opens the port once its first user exists",
  ENOTFOUND: "there is no such host; check endpoint",
  EAI_AGAIN: "the host's name could not be resolved",
  ECONNRESET: "the connection was closed",
  EPROTO: "it does not speak TLS there; is it http:// instead?",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there; is it http:// instead?",
  HPE_INVALID_CONSTANT: "it does not speak HTTP there; is it the gRPC port?",
  ERR_HTTP2_ERROR: otherProtocol,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "it does not speak HTTP/2 there, which gRPC needs",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    "it asks for a certificate of ours; set clientCertificate and clientKey",
}

export function connectionError(cause: unknown, hint?: string): ClickstackError {
  const { code = "", message = "" } = cause as { code?: string; message?: string }
  const isOurs = /_ALERT_(UNKNOWN_CA|.*CERT)/.test(code)
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code)
  const said =
    hint ??
    hints[code] ??
    (isOurs
      ? "it does not take our certificate; check clientCertificate and clientKey, or renew them"
      : isCertificate
        ? "its certificate is not trusted; set certificate, or renew it"
        : message)
  return new ClickstackError("DELIVERY_FAILED", `${said}${code === "" ? "" : ` (${code})`}`, {
    cause,
    retryable: true,
  })
}
