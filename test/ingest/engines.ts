// What both engines promise alike, as tests for each: values in and out, streaming, and ends that are clean.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Ingest } from "@clickstack/ingest"
import { describe, expect, test } from "vitest"

const hostile = "'); DROP TABLE otel_logs; -- {x:String} \\ \" ` \n\n\t\0 é 👩‍🚀"

/** Types of ClickHouse, a value bound to a placeholder of that type, and what is read back. */
const parameters: readonly (readonly [type: string, given: unknown, read: unknown])[] = [
  ["String", hostile, hostile],
  ["String", "", ""],
  ["String", "\\N", "\\N"],
  ["LowCardinality(String)", "a", "a"],
  ["UInt8", 255, 255],
  ["Int64", -(2n ** 63n), -(2n ** 63n)],
  ["UInt64", 2n ** 64n - 1n, 2n ** 64n - 1n],
  ["Int64", 42, 42],
  ["Float64", 1.5, 1.5],
  ["Bool", true, true],
  ["Nullable(String)", null, null],
  ["Date", "2026-11-20", "2026-11-20"],
  ["DateTime64(3, 'UTC')", "2026-11-20 09:30:00.123", "2026-11-20 09:30:00.123"],
  ["UUID", "0af76519-16cd-43dd-8448-eb211c80319c", "0af76519-16cd-43dd-8448-eb211c80319c"],
  ["Decimal(38, 10)", "12345678901234567890.0123456789", "12345678901234567890.0123456789"],
  ["Array(String)", ["a", "it's", hostile], ["a", "it's", hostile]],
  ["Array(UInt64)", [], []],
  ["Map(String, String)", { [hostile]: hostile }, { [hostile]: hostile }],
]

/** SQL, and the value that it is read as. */
const results: readonly (readonly [sql: string, read: unknown])[] = [
  ["toUInt64(9007199254740991)", 9007199254740991],
  ["toUInt64(9007199254740993)", 9007199254740993n],
  ["toInt64(-9007199254740993)", -9007199254740993n],
  [
    "toInt256('-57896044618658097711785492504343953926634992332820282019728792003956564819968')",
    -(2n ** 255n),
  ],
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
  ["-0.", -0],
  ["0.1 + 0.2", 0.1 + 0.2],
  ["toFloat32(0.5)", 0.5],
  ["NULL", null],
  ["toNullable(toUInt64(18446744073709551615))", 2n ** 64n - 1n],
  ["true", true],
  ["toDecimal128('1.25', 2)", "1.25"],
  ["toDateTime64('2026-11-20 09:30:00.123456789', 9, 'UTC')", "2026-11-20 09:30:00.123456789"],
  ["[toUInt64(1), 18446744073709551615]", [1, 2n ** 64n - 1n]],
  ["[[nan], []]", [[NaN], []]],
  ["map('a', toUInt64(18446744073709551615), 'b', 1)", { a: 2n ** 64n - 1n, b: 1 }],
  ["map('a', map('b', nan))", { a: { b: NaN } }],
  ["(1, 'x', toUInt64(18446744073709551615))", [1, "x", 2n ** 64n - 1n]],
  ["tuple(18446744073709551615, nan)::Tuple(n UInt64, `a b` Float64)", { n: 2n ** 64n - 1n, "a b": NaN }],
  ["'line\n\nline\t\\'quoted\\''", "line\n\nline\t'quoted'"],
]

export function describeEngine(open: () => Ingest): void {
  describe("queries", () => {
    test.each(parameters)("bind a %s (%#)", async (type, given, read) => {
      const [row] = await open().query(`SELECT {value:${type}} AS value`, { value: given })
      expect(row).toEqual({ value: read })
    })

    test("bind several at once, each by its name, and not those of another query", async () => {
      const ingest = open()
      const rows = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          ingest.query("SELECT {a:UInt32} AS a, {b:String} AS b", { a: index, b: `b${index}` }),
        ),
      )
      expect(rows).toEqual(Array.from({ length: 20 }, (_, index) => [{ a: index, b: `b${index}` }]))
      await expect(ingest.query("SELECT {b:String}")).rejects.toMatchObject({ code: "BAD_QUERY" })
    })

    test.each(results)("read %s", async (sql, read) => {
      const [row] = await open().query(`SELECT ${sql} AS value`)
      expect(row).toEqual({ value: read })
    })

    test("that end in a comment, a semicolon or white space", async () => {
      for (const end of [" -- done", ";", " ;\n\n", "\n/* end */"]) {
        expect(await open().query(`SELECT 1 AS one${end}`)).toEqual([{ one: 1 }])
      }
    })

    test("that find nothing", async () => {
      expect(await open().query("SELECT 1 WHERE 0")).toEqual([])
    })

    test("stream a million rows with flat memory", async () => {
      let rows = 0
      let sum = 0
      let early = 0
      let most = 0
      for await (const row of open().stream<{ number: number; text: string }>(
        "SELECT number, repeat('x', 50) AS text FROM numbers(1000000)",
      )) {
        rows++
        sum += row.number
        if (rows % 20_000 !== 0) continue
        const { heapUsed, external } = process.memoryUsage()
        if (rows <= 200_000) early = Math.max(early, heapUsed + external)
        most = Math.max(most, heapUsed + external)
      }
      expect(rows).toBe(1_000_000)
      expect(sum).toBe(499_999_500_000)
      // All rows together are above 100 MB.
      expect(most - early).toBeLessThan(50 * 1024 * 1024)
    })

    test("can be left half-way, and the next one works", async () => {
      const ingest = open()
      for (let time = 0; time < 12; time++) {
        for await (const { number } of ingest.stream("SELECT number FROM numbers(300000)")) {
          if (number === 10) break
        }
      }
      expect(await ingest.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
    })

    test("with a signal that has fired already are not begun", async () => {
      const work = open().query("SELECT 1", {}, { signal: AbortSignal.abort() })
      await expect(work).rejects.toMatchObject({ code: "ABORTED", retryable: false })
    })
  })
}

/** Runs a program in a process of its own, as an app would. Without an end of its own it fails after 20 s. */
export function runProgram(
  source: string,
  { env = {}, args = [] }: { env?: NodeJS.ProcessEnv; args?: string[] } = {},
): Promise<{ code: number | null; output: string; error: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args, "--input-type=module", "--eval", source], {
      // Where the packages are found.
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 20_000,
    })
    let output = ""
    let error = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text))
    child.on("close", (code) => resolve({ code, output: output.trim(), error: error.trim() }))
  })
}
