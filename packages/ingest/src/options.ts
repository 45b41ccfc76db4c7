// What people write becomes one frozen value here; everything behind it can rely on it. Whatever is wrong is one error
// that names the option, the value and the way out, and never shows a password.
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { type SchemaOptions, retentionHours } from "./ddl.ts"
import { memory } from "./engines/chdb-process.ts"
import type { Settings } from "./engines/engine.ts"
import { IngestError } from "./errors.ts"
import { nearest } from "./nearest.ts"
import { type TableName, rollups, tables } from "./tables.ts"

/** `serverVersion` is asked of the server. */
export interface IngestOptions extends Omit<SchemaOptions, "serverVersion"> {
  /** `http://user:password@host:8123/database`, `https://...`, `chdb:./directory` or `chdb::memory:`. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Sent with every request, for proxies. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Certificates in PEM, or the paths of such files. */
  readonly tls?: { readonly caCert: string; readonly cert?: string; readonly key?: string } | undefined
  /** Gzip in both directions. Default: on, except for a server on this machine. */
  readonly compression?: boolean | undefined
  /** Default "Native"; "JSONEachRow" costs three times as much and can be read. */
  readonly format?: "Native" | "JSONEachRow" | undefined
  /** Lets the server gather small inserts of many processes before it stores them. It still answers when they are stored. */
  readonly asyncInsert?: boolean | undefined
  /** ClickHouse settings for every request. */
  readonly settings?: Settings | undefined
  /** More settings for one insert, by ClickStack's name of its table and its size before compression. */
  readonly insertSettings?: InsertSettings | undefined
  /** Settings of the ClickHouse in this process (`chdb:`) as a whole, such as `mark_cache_size`; who opens it first decides. */
  readonly serverSettings?: Settings | undefined
  /** Creates the tables that are missing before the first export. Default: false; true for `clickhouse()`. */
  readonly createTables?: boolean | undefined
  /** At most this many rows per insert. Default 10,000. */
  readonly maxRows?: number | undefined
  /** About this many bytes per insert at most, before compression. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** One request to a server takes at most this long. Default 30,000. */
  readonly timeoutMs?: number | undefined
  /** How long an insert is tried again while the server is busy or away. 0: one attempt. Default 10,000. */
  readonly retryForMs?: number | undefined
}

type InsertSettings = (table: TableName, bytes: number) => Settings

const noSettings: InsertSettings = () => ({})

interface CommonOptions {
  readonly database: string
  readonly settings: Settings
}

export interface ServerOptions extends CommonOptions {
  /** The URL without credentials and database. */
  readonly origin: string
  readonly username: string
  readonly password: string
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly tls:
    | { readonly caCert: Buffer; readonly cert: Buffer | undefined; readonly key: Buffer | undefined }
    | undefined
  readonly compression: boolean
  readonly asyncInsert: boolean
  /** Whether inserts go through Distributed tables. */
  readonly clustered: boolean
  readonly timeoutMs: number
}

export interface ChdbOptions extends CommonOptions {
  readonly directory: string
  readonly serverSettings: Settings
}

export interface Config {
  readonly engine: ({ readonly kind: "server" } & ServerOptions) | ({ readonly kind: "chdb" } & ChdbOptions)
  readonly schema: SchemaOptions & { readonly database: string }
  readonly format: "Native" | "JSONEachRow"
  readonly createTables: boolean
  readonly maxRows: number
  readonly maxBytes: number
  readonly insertSettings: InsertSettings
  readonly retryForMs: number
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === "string" && value !== ""
const isBoolean: Check = (value) => typeof value === "boolean"
const isObject: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value)
const isSetting: Check = (value) => ["string", "number", "boolean"].includes(typeof value)
const isCount =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least

/** Every option: what it must be, and how to say so. */
const checks: { readonly [Name in keyof Required<IngestOptions>]: readonly [Check, string] } = {
  url: [isText, "a URL such as http://localhost:8123 or chdb:./data"],
  username: [isText, "a text"],
  password: [(value) => typeof value === "string", "a text"],
  database: [isText, "a database's name"],
  headers: [(value) => isObject(value) && Object.values(value as object).every(isText), "an object of texts"],
  tls: [isObject, "{ caCert, cert?, key? }, each PEM or the path of a PEM file"],
  compression: [isBoolean, "true or false"],
  format: [(value) => value === "Native" || value === "JSONEachRow", '"Native" or "JSONEachRow"'],
  asyncInsert: [isBoolean, "true or false"],
  settings: [
    (value) => isObject(value) && Object.values(value as object).every(isSetting),
    "an object of ClickHouse settings, each a text, a number or a boolean",
  ],
  insertSettings: [
    (value) => typeof value === "function",
    "a function of a table's name and a number of bytes that returns ClickHouse settings",
  ],
  serverSettings: [
    (value) => isObject(value) && Object.values(value as object).every(isSetting),
    "an object of ClickHouse's server settings, each a text, a number or a boolean",
  ],
  createTables: [isBoolean, "true or false"],
  maxRows: [isCount(1), "a whole number of at least 1"],
  maxBytes: [isCount(1024), "a whole number of at least 1024"],
  timeoutMs: [isCount(1), "a whole number of milliseconds, at least 1"],
  retryForMs: [isCount(0), "a whole number of milliseconds, at least 0"],
  tableNames: [isObject, "an object of table names, by ClickStack's"],
  retention: [isObject, "{ traces, logs, metrics, sessions }, each hours or a text such as 30d"],
  cluster: [
    (value) => isText(value) || isObject(value),
    "a cluster's name, or { name, keeperPath?, replica? }",
  ],
  rollups: [isBoolean, "true or false"],
  tableSettings: [
    (value) =>
      isObject(value) &&
      Object.entries(value as object).every(
        ([name, one]) => /^[a-z]\w*$/.test(name) && Number.isSafeInteger(one),
      ),
    "an object of MergeTree settings, each a whole number",
  ],
}

export function resolveOptions(input: string | IngestOptions): Config {
  const options: IngestOptions = typeof input === "string" ? { url: input } : input
  if (!isObject(options)) throw badOption("options", options, "a URL, or an object with `url`")
  checkNames("option", options, Object.keys(checks))
  for (const [name, [accepts, expected]] of Object.entries(checks)) {
    const value = options[name as keyof IngestOptions]
    if ((value !== undefined || name === "url") && !accepts(value)) throw badOption(name, value, expected)
  }
  const { database, ...engine } = engineOptions(options)
  return Object.freeze({
    engine: { ...engine, database },
    schema: schemaOptions(options, database),
    format: options.format ?? "Native",
    createTables: options.createTables ?? false,
    maxRows: options.maxRows ?? 10_000,
    maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
    insertSettings: options.insertSettings ?? noSettings,
    retryForMs: options.retryForMs ?? 10_000,
  })
}

const forServersOnly = [
  "username",
  "password",
  "headers",
  "tls",
  "compression",
  "asyncInsert",
  "cluster",
  "timeoutMs",
] as const

function engineOptions(options: IngestOptions): Config["engine"] {
  const { url, settings = {}, serverSettings = {} } = options
  if (url.startsWith("chdb:")) {
    for (const name of forServersOnly) {
      if (options[name] !== undefined) {
        throw new IngestError("BAD_OPTION", `option ${name} is for servers: leave it out with ${url}`)
      }
    }
    const path = url.slice("chdb:".length)
    if (path === "") throw badUrl(url, "has no directory", "write chdb:./data, or chdb::memory:")
    const directory = path === memory ? memory : resolve(path)
    return { kind: "chdb", directory, database: options.database ?? "default", settings, serverSettings }
  }
  if (options.serverSettings !== undefined) {
    throw new IngestError(
      "BAD_OPTION",
      "option serverSettings is for the ClickHouse in this process (chdb:): a server has a configuration of its own",
    )
  }
  const parsed = parseUrl(url)
  return {
    kind: "server",
    origin: parsed.origin,
    username: options.username ?? (decode(url, parsed.username) || "default"),
    password: options.password ?? decode(url, parsed.password),
    database: options.database ?? (decode(url, parsed.pathname.replace(/^\/|\/$/g, "")) || "default"),
    headers: options.headers,
    tls: tlsOptions(options.tls),
    compression: options.compression ?? !/^(localhost|127\.[\d.]+|\[::1\])$/.test(parsed.hostname),
    asyncInsert: options.asyncInsert ?? false,
    clustered: options.cluster !== undefined,
    timeoutMs: options.timeoutMs ?? 30_000,
    settings,
  }
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url))
    throw badUrl(url, "is not a URL", "write http://host:8123, https://host:8443 or chdb:./data")
  const parsed = new URL(url)
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw badUrl(url, `has the scheme "${parsed.protocol}"`, "write http://, https:// or chdb:")
  }
  if (parsed.search !== "" || parsed.hash !== "") {
    throw badUrl(url, "has parameters", "give them as options, ClickHouse's settings as `settings`")
  }
  if (parsed.pathname.includes("@")) {
    throw badUrl(url, "has an @ in its path", "write %2F for a slash in a password")
  }
  if (/\/./.test(parsed.pathname.slice(1))) {
    throw badUrl(
      url,
      "has a path of several parts",
      "the path is the database's name, as in http://host:8123/otel",
    )
  }
  return parsed
}

function decode(url: string, part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badUrl(url, "has a % that stands for nothing", "write %25 for a percent sign in a name or password")
  }
}

function tlsOptions(tls: IngestOptions["tls"]): ServerOptions["tls"] {
  if (tls === undefined) return undefined
  checkNames("option tls.", tls, ["caCert", "cert", "key"])
  const { caCert, cert, key } = tls
  if ((cert === undefined) !== (key === undefined))
    throw badOption("tls", undefined, "with both cert and key, or neither")
  return {
    caCert: pem("caCert", caCert),
    cert: cert === undefined ? undefined : pem("cert", cert),
    key: key === undefined ? undefined : pem("key", key),
  }
}

function pem(name: string, value: string): Buffer {
  if (!isText(value)) throw badOption(`tls.${name}`, undefined, "PEM, or the path of a PEM file")
  if (value.includes("-----BEGIN")) return Buffer.from(value)
  try {
    return readFileSync(value)
  } catch (error) {
    // What stands in the place of a key's path may be the key itself.
    const file = name === "key" ? "that it names" : value
    throw new IngestError("BAD_OPTION", `option tls.${name}: cannot read the file ${file}`, {
      cause: name === "key" ? undefined : error,
    })
  }
}

function schemaOptions(
  { tableNames, retention, cluster, rollups: withRollups, tableSettings }: IngestOptions,
  database: string,
) {
  if (tableNames !== undefined) {
    checkNames("option tableNames.", tableNames, [...Object.keys(tables), ...Object.keys(rollups)])
    for (const [name, own] of Object.entries(tableNames)) {
      if (!isText(own)) throw badOption(`tableNames.${name}`, own, "a table's name")
    }
  }
  if (retention !== undefined) {
    checkNames("option retention.", retention, ["traces", "logs", "metrics", "sessions"])
    for (const [signal, value] of Object.entries(retention)) {
      try {
        if (value !== undefined) retentionHours(value, `option retention.${signal}`)
      } catch (error) {
        throw new IngestError("BAD_OPTION", (error as Error).message)
      }
    }
  }
  if (typeof cluster === "object") {
    checkNames("option cluster.", cluster, ["name", "keeperPath", "replica"])
    for (const name of ["name", "keeperPath", "replica"] as const) {
      const value = cluster[name]
      if ((value !== undefined || name === "name") && !isText(value))
        throw badOption(`cluster.${name}`, value, "a text")
    }
  }
  return { database, tableNames, retention, cluster, rollups: withRollups, tableSettings }
}

function checkNames(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    const hint = close === undefined ? `known are ${known.join(", ")}` : `did you mean "${close}"?`
    throw new IngestError("BAD_OPTION", `unknown ${what}${what.endsWith(".") ? "" : " "}${name}: ${hint}`)
  }
}

const secret = new Set(["password", "headers", "tls"])

function badOption(name: string, value: unknown, expected: string): IngestError {
  const is = value === undefined || secret.has(name) ? "" : ` is ${shown(value)}, and`
  return new IngestError("BAD_OPTION", `option ${name}${is} must be ${expected}`)
}

/** Of an object only that it is one: it may hold a password. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(withoutCredentials(value))
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object"
  return typeof value === "function" ? "a function" : String(value)
}

const badUrl = (url: string, problem: string, next: string): IngestError =>
  new IngestError("BAD_URL", `the URL ${withoutCredentials(url)} ${problem}; ${next}`)

/**
 * Also where the text is no URL: everything before its last @, what follows a ? or #, and a port that is no number,
 * may be a password or a part of one.
 */
function withoutCredentials(text: string): string {
  return text
    .replace(/^([a-z]+:\/\/)?.*@/is, "$1***@")
    .replace(/([?#]).*$/s, "$1***")
    .replace(/^([a-z]+:\/\/[^/:]*:)(?!\d+(\/|$))[^/]+/i, "$1***")
}
