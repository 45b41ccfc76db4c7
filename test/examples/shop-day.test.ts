// The example of a day, as a real process: what it prints is computed by ClickHouse, so the numbers of
// different answers must agree with each other.
import { spawnSync } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { beforeAll, describe, expect, test, vi } from "vitest"
import { startClickHouse } from "@clickstack/testing"
import { type Ended, run, runNode } from "../run-node.ts"

const script = fileURLToPath(new URL("../../examples/shop-day/index.js", import.meta.url))
const shopDay = (...args: string[]) => runNode([script, ...args])

// Each run takes one to two seconds, and several times that on a machine that does other things, too.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let shown: Ended
beforeAll(async () => {
  shown = await shopDay()
})

/** The rows of a table that follows a question, as lists of cells. */
function answerTo(question: string, output = shown.stdout): string[][] {
  const [, after = ""] = output.split(`${question}\n`)
  const [, rows = ""] = after.split("\n\n")
  return rows.split("\n").map((line) => line.trim().split(/ {2,}/))
}

const answers = (output: string): string => output.slice(output.indexOf("How busy"))

const number = (text: string | undefined): number => Number(text?.replaceAll(/[,%ms ]/g, ""))

const column = (rows: string[][], title: string): number[] => {
  const index = rows[0]?.indexOf(title) ?? -1
  return rows.slice(1).map((row) => number(row[index]))
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)

const hours = () => answerTo("How busy was the shop, hour by hour, and how many requests failed?")
const routes = () => answerTo("Which routes are slowest?")
const services = () => answerTo("Which services fail?")
const versions = () => answerTo("Is it a version of payments?")

const serviceNamed = (name: string): string[] => services().find(([service]) => service === name) ?? []

test("ends well, and says nothing on stderr", () => {
  expect(shown.stderr).toBe("")
  expect(shown.code).toBe(0)
})

test("says how many rows it wrote, in all five tables", () => {
  const written = [...shown.stdout.matchAll(/^ +([\d,]+) rows in (\w+)$/gm)].map(([, rows, table]) => [
    table,
    number(rows) > 100,
  ])
  expect(written).toEqual([
    ["otel_traces", true],
    ["otel_logs", true],
    ["hyperdx_sessions", true],
    ["otel_metrics_gauge", true],
    ["otel_metrics_sum", true],
  ])
})

describe("the numbers agree with each other", () => {
  test("the hours' requests, the routes' requests and the requests of web are the same", () => {
    expect(hours()).toHaveLength(25)
    const requests = sum(column(hours(), "requests"))
    expect(requests).toBeGreaterThan(5_000)
    expect(sum(column(routes(), "requests"))).toBe(requests)
    expect(number(serviceNamed("web")[1])).toBe(requests)
  })

  test("the failures by hour are those of web, and payments' charges those of its versions", () => {
    expect(sum(column(hours(), "failed"))).toBe(number(serviceNamed("web")[2]))
    expect(sum(column(versions(), "charges"))).toBe(number(serviceNamed("payments")[1]))
  })

  test("a percentile is not below a lower one, and the slowest route comes first", () => {
    const [p50, p95, p99] = ["p50", "p95", "p99"].map((title) => column(routes(), title))
    expect(p95?.every((value, index) => value >= (p50?.[index] ?? 0))).toBe(true)
    expect(p99).toEqual(p99?.toSorted((one, other) => other - one))
  })
})

describe("the incident can be seen", () => {
  test("all failures are in the hour in which it happened", () => {
    const failed = new Map(hours().map(([hour = "", , count]) => [hour, number(count)]))
    expect(failed.get("15:00")).toBeGreaterThan(4)
    expect(sum(column(hours(), "failed"))).toBe(failed.get("15:00"))
  })

  test("payments fails most, by its version 2.4.0 alone", () => {
    expect(services()[1]?.[0]).toBe("payments")
    const byVersion = new Map(versions().map((row) => [row[0], number(row[4])]))
    expect(byVersion.get("2.4.0")).toBeGreaterThan(30)
    expect(byVersion.get("2.3.9")).toBe(0)
    expect(byVersion.get("2.4.1")).toBe(0)
  })

  test("the trace shows where the time went: waiting for a connection", () => {
    const [, trace = ""] = shown.stdout.split("What happened in the slowest checkout that failed?")
    const waits = [...trace.matchAll(/payments: pool\.acquire +█+ +([\d,.]+) ms !/g)]
    expect(waits).toHaveLength(2)
    const [, total] = /web: POST \/checkout +█+ +([\d,.]+) ms !/.exec(trace) ?? []
    expect(sum(waits.map(([, wait]) => number(wait)))).toBeLessThanOrEqual(number(total))
    expect(number(total)).toBeGreaterThan(6_000)
  })

  test("the logs of the failed requests name the cause", () => {
    const logs = answerTo("What do the logs of the last failed requests say?")
    expect(logs.map((row) => row[4])).toContain("PoolTimeout: 2 of 2 connections are busy")
    expect(new Set(logs.slice(1).map((row) => row[1])).size).toBe(2)
  })

  test("a visit that failed can be replayed, and no page of it was left out", () => {
    const [, first] = answerTo("Whose visit went wrong, and can it be replayed?")
    expect(first?.[3]).toBe(`${first?.[1]} events`)
    expect(number(first?.[2])).toBeGreaterThan(0)
  })
})

test("has no colour and no line over 100 columns where it is not shown in a terminal", () => {
  expect(shown.stdout).not.toContain("\u001b")
  expect(shown.stdout.split("\n").filter((line) => line.length > 100)).toEqual([])
})

// `script` gives a process a terminal; it is there on every Linux that has util-linux.
const hasTerminal =
  process.platform === "linux" && spawnSync("script", ["--version"], { stdio: "ignore" }).status === 0

test.skipIf(!hasTerminal && process.env["CI"] !== "true").each([
  ["has colour in a terminal", {}, true],
  ["has none in a terminal where NO_COLOR is set", { NO_COLOR: "1" }, false],
])("%s, and fits into 80 columns", async (_, variables, colour) => {
  const command = `stty cols 80; '${process.execPath}' '${script}'`
  // A person's terminal: where CI is set, Node.js shows no colour of its own accord.
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...inherited } = process.env
  const env = { ...inherited, TERM: "xterm" }
  const { stdout } = await run("script", ["-qec", command, "/dev/null"], { env: { ...env, ...variables } })
  const plain = stripVTControlCharacters(stdout).replaceAll("\r", "")
  expect(stdout.includes("\u001b[1m")).toBe(colour)
  expect(plain.split("\n").filter((line) => line.length > 80)).toEqual([])
  expect(answers(plain)).toContain("payments: pool.acquire")
})

test("tells the same of a directory as of memory, and writes nothing where there is something", async () => {
  const directory = await mkdtemp(join(tmpdir(), "clickstack-shop-"))
  try {
    const first = await shopDay(`chdb:${directory}`)
    const again = await shopDay(`chdb:${directory}`)
    expect(answers(first.stdout)).toBe(answers(shown.stdout))
    expect(answers(again.stdout)).toBe(answers(shown.stdout))
    expect(again.stdout).toMatch(/^There is telemetry already, so nothing is written/)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test("tells the same of a server", async () => {
  await using clickHouse = await startClickHouse({ database: "shop" })
  const { code, stdout, stderr } = await shopDay(clickHouse.url)
  expect(stderr).toBe("")
  expect(code).toBe(0)
  expect(answers(stdout)).toBe(answers(shown.stdout))
})

test.each([
  [["--once"], "shop-day: I do not know --once"],
  [["chdb::memory:", "more"], "shop-day: I do not know more"],
  [["ftp://localhost"], 'shop-day: the URL ftp://localhost has the scheme "ftp:"'],
  [
    ["http://127.0.0.1:1"],
    "shop-day: http://127.0.0.1:1, database default: connect ECONNREFUSED 127.0.0.1:1",
  ],
])("refuses %j in a line and ends with 1", async (args, message) => {
  const { code, stdout, stderr } = await shopDay(...args)
  expect(stderr.split("\n")[0]).toContain(message)
  expect(stdout).toBe("")
  expect(code).toBe(1)
})

test("explains its options", async () => {
  const { code, stdout } = await shopDay("--help")
  expect(stdout).toMatch(/^usage: node examples\/shop-day\/index\.js \[URL\]/)
  expect(code).toBe(0)
})
