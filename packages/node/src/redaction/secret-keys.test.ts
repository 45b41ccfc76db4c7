// The golden lists: keys whose values are hidden, and keys that look alike and stay.
import { expect, test } from "vitest"
import { createSecretKeys, segmentsOf } from "./secret-keys.ts"

const harmful = `password passwd pwd PASSWORD Password user.password userPassword user_password password2
  passwordConfirmation new_password db.password DB_PASS DATABASE_PASSWORD smtp.pass passphrase ssh.passphrase passcode
  secret client_secret clientSecret CLIENT_SECRET app.secret secrets.stripe secret_key secretKey AWS_SECRET_ACCESS_KEY
  token access_token accessToken refreshToken id_token csrf_token csrfToken auth.token session.token githubToken
  x-auth-token X-Amz-Security-Token x-vault-token authorization Authorization proxy-authorization
  http.request.header.authorization http.request.header.proxy-authorization req.headers.authorization authorization_code
  api_key apiKey APIKey apikey API_KEY x-api-key http.request.header.x-api-key stripe.api.key access_key accessKeyId
  aws_access_key_id private_key privateKey private_key_pem ssh_key signing_key encryptionKey ENCRYPTION_KEY
  cookie Cookie cookies set-cookie setCookie http.request.header.cookie http.response.header.set-cookie session_cookie
  session.cookie cookies.sid connect.sid JSESSIONID PHPSESSID credentials credential gcp.credentials
  credentials.password card_number cardNumber card.number credit_card creditCard.number credit_card_number cc_number cvv cvc
  ssn social_security_number otp totp jwt x-clickhouse-key basic_auth auth req.auth _csrf
  OTEL_EXPORTER_OTLP_HEADERS process.command_args process.command_line process.environment_variable.HOME
  user%5Bpassword%5D user[password] access_tokens`.split(/\s+/)

const harmless = `gen_ai.usage.input_tokens gen_ai.usage.output_tokens llm.token_count token_count tokenCount
  token.type token_type tokens max_tokens total_tokens tokenizer tokenized token_bucket.size token_expires_at? session.id
  session_id sessionId user.id user.name enduser.id author authority authorId authored author.name
  http.request.header.x-request-id http.request.header.accept http.response.header.content-type http.request.method
  http.route url.full url.path url.query url.scheme db.query.text db.statement db.namespace server.address secretary
  secretariat secret_name secret.name k8s.secret.name aws.secretsmanager.secret.arn password_policy password.length
  password_changed_at? passwordless passenger pass.rate passed bypass compass cookie_consent cookie.name cookies_enabled
  cookie.count authorization.type authorization_endpoint authorization.decision auth.method auth_type auth.provider
  oauth.scope api_key_id api_key.name apiVersion api.name key keys keyboard db.key cache.key primary_key foreign_key
  public_key partition_key idempotency_key messaging.kafka.message.key sort_key monkey card card.brand card_type
  cards.count discard cvv_result credential_type credentials.source credentials_provider signature rpc.signature
  function.signature code error.code exception.message exception.stacktrace exception.type log.message
  service.instance.id telemetry.sdk.name process.pid process.command host.name thread.name code.function`
  .split(/\s+/)
  .map((key) => key.replace(/_at\?$/, "_age"))

const isSecret = createSecretKeys()

test("there are sixty of each at least, none twice", () => {
  expect(new Set(harmful).size).toBe(harmful.length)
  expect(new Set(harmless).size).toBe(harmless.length)
  expect([harmful.length >= 60, harmless.length >= 60]).toEqual([true, true])
})

test.each(harmful)("%s is hidden", (key) => {
  expect(isSecret(key)).toBe(true)
})

test.each(harmless)("%s stays", (key) => {
  expect(isSecret(key)).toBe(false)
})

test("a key is cut at everything that is no letter, and where a word begins", () => {
  expect(["apiKey", "APIKey", "x-api_key", "a.b[c]", "größeMax", "HTTPServer2Port"].map(segmentsOf)).toEqual([
    ["api", "key"],
    ["api", "key"],
    ["x", "api", "key"],
    ["a", "b", "c"],
    ["größe", "max"],
    ["http", "server2", "port"],
  ])
})

test("keys of the user's count in any spelling, by whole segments", () => {
  const own = createSecretKeys(["accountNumber", "user.email"])
  const keys = ["account_number", "old-account-number", "user.email", "user.emails", "account", "email"]
  expect(keys.map(own)).toEqual([true, true, true, false, false, false])
})

test("more keys than are remembered, and long ones, get the same answers", () => {
  for (let index = 0; index < 5000; index++) isSecret(`key-${index}`)
  expect([isSecret("password"), isSecret("session.id"), isSecret(`${"a.".repeat(500)}password`)]).toEqual([
    true,
    false,
    true,
  ])
})
