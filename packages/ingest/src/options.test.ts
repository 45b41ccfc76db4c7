import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { IngestError } from "./errors.ts"
import { type IngestOptions, resolveOptions } from "./options.ts"

const url = "http://localhost:8123"

/** The message of the error that these options lead to. */
function refused(options: unknown): string {
  try {
    resolveOptions(options as IngestOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(IngestError)
    expect((error as IngestError).retryable).toBe(false)
    return `${(error as IngestError).code}: ${(error as IngestError).message}`
  }
  throw new Error("the options were accepted")
}

const engineOf = (options: string | IngestOptions) => resolveOptions(options).engine

test("a URL alone is enough", () => {
  expect(resolveOptions(url)).toEqual({
    engine: {
      kind: "server",
      origin: "http://localhost:8123",
      username: "default",
      password: "",
      database: "default",
      headers: undefined,
      tls: undefined,
      compression: false,
      asyncInsert: false,
      clustered: false,
      timeoutMs: 30_000,
      settings: {},
    },
    schema: {
      database: "default",
      tableNames: undefined,
      retention: undefined,
      cluster: undefined,
      rollups: undefined,
      tableSettings: undefined,
    },
    format: "Native",
    createTables: false,
    maxRows: 10_000,
    maxBytes: 16 * 1024 * 1024,
    insertSettings: expect.any(Function) as unknown,
    retryForMs: 10_000,
  })
  expect(resolveOptions({ url })).toEqual(resolveOptions(url))
  expect(Object.isFrozen(resolveOptions(url))).toBe(true)
})

describe("a server's URL", () => {
  test.each<[string, object]>([
    [
      "http://me:secret@ch:8123/otel",
      { origin: "http://ch:8123", username: "me", password: "secret", database: "otel" },
    ],
    ["https://ch/otel/", { origin: "https://ch", database: "otel" }],
    ["http://a%40b:p%2Fq%25%20@ch:8123", { username: "a@b", password: "p/q% " }],
    ["http://me:ends%2F@ch:8123", { password: "ends/" }],
    ["http://ch:8123/my%20db", { database: "my db" }],
    ["http://[::1]:8123", { origin: "http://[::1]:8123", compression: false }],
    ["http://127.0.0.1:8123", { compression: false }],
    ["http://127.evil.com", { compression: true }],
    ["https://ch.example.com", { compression: true }],
  ])("%s", (text, expected) => {
    expect(engineOf(text)).toMatchObject(expected)
  })

  test("gives way to the options beside it", () => {
    expect(
      engineOf({
        url: "http://me:secret@ch/otel",
        username: "you",
        password: "",
        database: "other",
        compression: false,
      }),
    ).toMatchObject({ username: "you", password: "", database: "other", compression: false })
    expect(resolveOptions({ url, database: "other" }).schema.database).toBe("other")
  })

  test.each([
    ["ch:8123", 'BAD_URL: the URL ch:8123 has the scheme "ch:"; write http://, https:// or chdb:'],
    [
      "localhost",
      "BAD_URL: the URL localhost is not a URL; write http://host:8123, https://host:8443 or chdb:./data",
    ],
    [
      "tcp://ch:9000",
      'BAD_URL: the URL tcp://ch:9000 has the scheme "tcp:"; write http://, https:// or chdb:',
    ],
    [
      "http://ch:8123/a/b",
      "BAD_URL: the URL http://ch:8123/a/b has a path of several parts; the path is the database's name, as in http://host:8123/otel",
    ],
    [
      "http://ch:8123/?database=x",
      "BAD_URL: the URL http://ch:8123/?*** has parameters; give them as options, ClickHouse's settings as `settings`",
    ],
    [
      "http://ch:8123/#x",
      "BAD_URL: the URL http://ch:8123/#*** has parameters; give them as options, ClickHouse's settings as `settings`",
    ],
    [
      "http://me:50%off@ch",
      "BAD_URL: the URL http://***@ch has a % that stands for nothing; write %25 for a percent sign in a name or password",
    ],
    [
      "http://me:12/34@ch",
      "BAD_URL: the URL http://***@ch has an @ in its path; write %2F for a slash in a password",
    ],
    [
      "http://",
      "BAD_URL: the URL http:// is not a URL; write http://host:8123, https://host:8443 or chdb:./data",
    ],
    ["chdb:", "BAD_URL: the URL chdb: has no directory; write chdb:./data, or chdb::memory:"],
  ])("%s is refused", (text, message) => {
    expect(refused(text)).toBe(message)
  })
})

describe("a chdb: URL", () => {
  test("names a directory, or memory", () => {
    expect(engineOf("chdb:./data")).toEqual({
      kind: "chdb",
      directory: resolve("data"),
      database: "default",
      settings: {},
      serverSettings: {},
    })
    expect(engineOf("chdb:/var/lib/x")).toMatchObject({ directory: "/var/lib/x" })
    const settings = { max_threads: 1 }
    const serverSettings = { mark_cache_size: 1_000_000 }
    expect(engineOf({ url: "chdb::memory:", database: "otel", settings, serverSettings })).toEqual({
      kind: "chdb",
      directory: ":memory:",
      database: "otel",
      settings,
      serverSettings,
    })
  })
  test("alone has settings of ClickHouse as a whole", () => {
    expect(refused({ url, serverSettings: {} })).toBe(
      "BAD_OPTION: option serverSettings is for the ClickHouse in this process (chdb:): a server has a configuration of its own",
    )
  })
  test.each<[keyof IngestOptions, unknown]>([
    ["username", "me"],
    ["password", "secret"],
    ["headers", { a: "b" }],
    ["tls", { caCert: "x" }],
    ["compression", true],
    ["asyncInsert", true],
    ["cluster", "c"],
  ])("takes no %s", (name, value) => {
    expect(refused({ url: "chdb:./data", [name]: value })).toBe(
      `BAD_OPTION: option ${name} is for servers: leave it out with chdb:./data`,
    )
  })
})

describe("each option, wrong, is one error that names it, its value, and what it must be", () => {
  test.each<[unknown, string]>([
    [undefined, "options must be a URL, or an object with `url`"],
    [42, "options is 42, and must be a URL, or an object with `url`"],
    [["x"], "options is an array, and must be a URL, or an object with `url`"],
    [{}, "url must be a URL such as http://localhost:8123 or chdb:./data"],
    ["", 'url is "", and must be a URL such as http://localhost:8123 or chdb:./data'],
    [{ url: 5 }, "url is 5, and must be a URL such as http://localhost:8123 or chdb:./data"],
    [
      { url: new URL(url) },
      "url is an object, and must be a URL such as http://localhost:8123 or chdb:./data",
    ],
    [{ url, username: "" }, 'username is "", and must be a text'],
    [{ url, username: 5 }, "username is 5, and must be a text"],
    [{ url, password: 5 }, "password must be a text"],
    [{ url, database: null }, "database is null, and must be a database's name"],
    [{ url, headers: { a: 1 } }, "headers must be an object of texts"],
    [{ url, headers: "a: b" }, "headers must be an object of texts"],
    [{ url, tls: "PEM" }, "tls must be { caCert, cert?, key? }, each PEM or the path of a PEM file"],
    [{ url, tls: {} }, "tls.caCert must be PEM, or the path of a PEM file"],
    [{ url, tls: { caCert: 5 } }, "tls.caCert must be PEM, or the path of a PEM file"],
    [
      { url, tls: { caCert: "-----BEGIN", key: 5, cert: "-----BEGIN" } },
      "tls.key must be PEM, or the path of a PEM file",
    ],
    [
      { url, tls: { caCert: "-----BEGIN", key: "-----BEGIN" } },
      "tls must be with both cert and key, or neither",
    ],
    [{ url, tls: { caCert: "/no/such.pem" } }, "tls.caCert: cannot read the file /no/such.pem"],
    [{ url, compression: "gzip" }, 'compression is "gzip", and must be true or false'],
    [{ url, format: "native" }, 'format is "native", and must be "Native" or "JSONEachRow"'],
    [{ url, asyncInsert: 1 }, "asyncInsert is 1, and must be true or false"],
    [
      { url, settings: [] },
      "settings is an array, and must be an object of ClickHouse settings, each a text, a number or a boolean",
    ],
    [
      { url, settings: { a: {} } },
      "settings is an object, and must be an object of ClickHouse settings, each a text, a number or a boolean",
    ],
    [{ url, createTables: "yes" }, 'createTables is "yes", and must be true or false'],
    [{ url, maxRows: 0 }, "maxRows is 0, and must be a whole number of at least 1"],
    [{ url, maxRows: 10n }, "maxRows is 10, and must be a whole number of at least 1"],
    [{ url, maxRows: NaN }, "maxRows is NaN, and must be a whole number of at least 1"],
    [{ url, maxBytes: 1023 }, "maxBytes is 1023, and must be a whole number of at least 1024"],
    [{ url, timeoutMs: 0 }, "timeoutMs is 0, and must be a whole number of milliseconds, at least 1"],
    [
      { url, insertSettings: { a: 1 } },
      "insertSettings is an object, and must be a function of a table's name and a number of bytes that returns ClickHouse settings",
    ],
    [{ url, retryForMs: -1 }, "retryForMs is -1, and must be a whole number of milliseconds, at least 0"],
    [
      { url, retryForMs: "10s" },
      'retryForMs is "10s", and must be a whole number of milliseconds, at least 0',
    ],
    [{ url, tableNames: "x" }, 'tableNames is "x", and must be an object of table names, by ClickStack\'s'],
    [{ url, tableNames: { otel_logs: "" } }, 'tableNames.otel_logs is "", and must be a table\'s name'],
    [
      { url, retention: 30 },
      "retention is 30, and must be { traces, logs, metrics, sessions }, each hours or a text such as 30d",
    ],
    [{ url, cluster: 5 }, "cluster is 5, and must be a cluster's name, or { name, keeperPath?, replica? }"],
    [{ url, cluster: { name: "" } }, 'cluster.name is "", and must be a text'],
    [{ url, cluster: {} }, "cluster.name must be a text"],
    [{ url, cluster: { name: "c", keeperPath: 5 } }, "cluster.keeperPath is 5, and must be a text"],
    [{ url, cluster: { name: "c", replica: "" } }, 'cluster.replica is "", and must be a text'],
    [{ url, rollups: "all" }, 'rollups is "all", and must be true or false'],
  ])("%o", (options, message) => {
    expect(refused(options)).toBe(`BAD_OPTION: option ${message}`)
  })

  test("a retention that is none", () => {
    expect(refused({ url, retention: { logs: "soon" } })).toMatch(/^BAD_OPTION: option retention\.logs/)
  })

  test("something that cannot be printed", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    expect(refused({ url, database: cyclic })).toBe(
      "BAD_OPTION: option database is an object, and must be a database's name",
    )
  })
})

describe("each option, right, is taken", () => {
  const directory = mkdtempSync(join(tmpdir(), "clickstack-options-"))
  const file = join(directory, "ca.pem")
  writeFileSync(file, "a certificate")
  afterAll(() => rmSync(directory, { recursive: true }))

  test.each<[object, object]>([
    [{ format: "JSONEachRow" }, { format: "JSONEachRow" }],
    [{ createTables: true }, { createTables: true }],
    [{ maxRows: 1 }, { maxRows: 1 }],
    [{ maxBytes: 1024 }, { maxBytes: 1024 }],
    [{ retryForMs: 0 }, { retryForMs: 0 }],
    [{ timeoutMs: 1 }, { engine: { timeoutMs: 1 } }],
    [{ asyncInsert: true }, { engine: { asyncInsert: true } }],
    [{ compression: true }, { engine: { compression: true } }],
    [{ headers: { "x-token": "t" } }, { engine: { headers: { "x-token": "t" } } }],
    [{ settings: { a: 1, b: "x", c: true } }, { engine: { settings: { a: 1, b: "x", c: true } } }],
    [{ cluster: "c" }, { engine: { clustered: true }, schema: { cluster: "c" } }],
    [{ cluster: { name: "c", replica: "r" } }, { schema: { cluster: { name: "c", replica: "r" } } }],
    [{ tableNames: { otel_logs: "l" } }, { schema: { tableNames: { otel_logs: "l" } } }],
    [{ retention: { logs: "30d", traces: 0 } }, { schema: { retention: { logs: "30d", traces: 0 } } }],
    [{ rollups: true }, { schema: { rollups: true } }],
    [{ tls: { caCert: file } }, { engine: { tls: { caCert: Buffer.from("a certificate") } } }],
    [
      { tls: { caCert: "-----BEGIN A", cert: "-----BEGIN B", key: "-----BEGIN C" } },
      { engine: { tls: { cert: Buffer.from("-----BEGIN B"), key: Buffer.from("-----BEGIN C") } } },
    ],
    [{ password: undefined, cluster: undefined }, { engine: { password: "", clustered: false } }],
  ])("%o", (options, expected) => {
    expect(resolveOptions({ url, ...options })).toMatchObject(expected)
  })
})

test.each([
  [{ url, pasword: "x" }, 'unknown option pasword: did you mean "password"?'],
  [{ url, tls: { caCert: "x", ca: "y" } }, "unknown option tls.ca: known are caCert, cert, key"],
  [{ url, tableNames: { otel_log: "x" } }, 'unknown option tableNames.otel_log: did you mean "otel_logs"?'],
  [{ url, retention: { log: 1 } }, 'unknown option retention.log: did you mean "logs"?'],
  [
    { url, cluster: { name: "c", keeperpath: "x" } },
    'unknown option cluster.keeperpath: did you mean "keeperPath"?',
  ],
])("%o has an unknown option", (options, message) => {
  expect(refused(options)).toBe(`BAD_OPTION: ${message}`)
})

test("a name that is near to none is answered with all of them", () => {
  expect(refused({ url, somethingElse: 1 })).toMatch(
    /^BAD_OPTION: unknown option somethingElse: known are url, username, /,
  )
})

describe("no message shows a password", () => {
  test.each<[string, unknown]>([
    ["a port that is none", "http://me:hunter2@ch:99999"],
    ["a space", "http://me:a hunter2@ch:port"],
    ["a quote", 'http://me:a"hunter2@ch:port'],
    ["a slash", "http://me:a/hunter2@ch:port"],
    ["an @", "http://me:a@hunter2@ch:port"],
    ["a newline", "http://me:a\nhunter2@ch:port"],
    ["a question mark", "http://me:a?hunter2@ch:port"],
    ["no host behind it", "http://me:hunter2"],
    ["no host behind the @", "http://me:hunter2@"],
    ["no scheme", "me:hunter2@ch:8123"],
    ["another scheme", "clickhouse://me:hunter2@ch:9000/otel"],
    ["parameters", "http://ch:8123/?user=me&password=hunter2"],
    ["parameters of no URL", "ch/?user=me&password=hunter2"],
    ["a fragment", "http://me:1#hunter2@ch"],
    ["a path of several parts", "http://me:hunter2@ch/a/b"],
    ["a percent sign", "http://me:%hunter2@ch"],
    ["a URL object", { url: new URL("http://me:hunter2@ch") }],
    ["options in an array", [{ url, password: "hunter2" }]],
    ["options in the URL's place", { url: { url, password: "hunter2" } }],
    ["a password in an object", { url, password: { value: "hunter2" } }],
    ["headers", { url, headers: { authorization: ["hunter2"] } }],
    ["a key in the wrong place", { url, tls: "hunter2" }],
    ["a key that is none", { url, tls: { caCert: "-----BEGIN", cert: "-----BEGIN", key: "hunter2" } }],
    ["a setting", { url, settings: { s3_secret: ["hunter2"] } }],
    ["a URL in another option", { url, compression: "http://me:hunter2@ch" }],
  ])("for %s", (_name, options) => {
    const message = refused(options)
    expect(message).not.toContain("hunter2")
  })

  test("nor does the place that errors name", () => {
    expect(JSON.stringify(engineOf("http://me:hunter2@ch/otel"))).toContain("hunter2")
    expect((engineOf("http://me:hunter2@ch/otel") as { origin: string }).origin).toBe("http://ch")
  })
})
