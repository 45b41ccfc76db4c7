// `clickstack doctor`: goes the way of the data from the app to the tables, and says where it ends and what to do.
import { resolve } from "node:path"
import { createCanary } from "../doctor/canary.ts"
import { checkApp } from "../doctor/check-app.ts"
import { checkClickHouse } from "../doctor/check-clickhouse.ts"
import { checkCollector } from "../doctor/check-collector.ts"
import { checkNeighbours } from "../doctor/check-neighbours.ts"
import { type Check, failed } from "../doctor/check.ts"
import { printable } from "../format-rows.ts"
import { counted } from "../show/values.ts"
import type { Arguments, Option } from "./arguments.ts"
import { clickhouseAccess } from "./clickhouse-access.ts"
import { type Terminal, createPaint } from "./terminal.ts"

export const doctorOptions: readonly Option[] = [
  { name: "app", value: "PATH", help: "the app's directory (default: this one)" },
  {
    name: "endpoint",
    value: "URL",
    help: "OTLP over HTTP (default: CLICKSTACK_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT or http://localhost:4318)",
  },
  { name: "clickhouse", value: "URL", help: "look for what was sent in this ClickHouse, and at its tables" },
  { name: "json", help: "as JSON" },
]

export const doctorEnvironment = `The key is CLICKSTACK_API_KEY or HYPERDX_API_KEY (with CLICKSTACK_API_KEY_SCHEME=bearer if it goes behind Bearer),
other headers are OTEL_EXPORTER_OTLP_HEADERS;
CLICKSTACK_CLICKHOUSE_USER and CLICKSTACK_CLICKHOUSE_PASSWORD are for --clickhouse.
It sends one span, one log and one metric as the service clickstack-doctor.
`

export async function doctor(args: Arguments, terminal: Terminal): Promise<number> {
  const { env } = terminal
  const checks = checkApp(resolve(args.text("app") ?? "."), process.version, env["NODE_OPTIONS"] ?? "")
  const endpoint =
    args.text("endpoint") ??
    env["CLICKSTACK_ENDPOINT"] ??
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] ??
    "http://localhost:4318"
  const canary = createCanary()
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) {
    const url = new URL(endpoint)
    checks.push(...(await checkCollector({ url, headers: headersFrom(env) }, canary)))
    checks.push(...(await checkNeighbours(url)))
  } else {
    checks.push(failed("port", `${endpoint} is not a URL`, "give it as http://host:4318 or https://host"))
  }
  const clickhouse = args.text("clickhouse")
  if (clickhouse !== undefined) {
    const sent = checks.some(({ name, status }) => name === "span sent" && status === "ok")
    const options = clickhouseAccess(clickhouse, terminal)
    checks.push(...(await checkClickHouse(options, sent ? canary : undefined)))
  }
  const bad = checks.filter(({ status }) => status === "failed").length
  terminal.out(
    args.flag("json") ? `${JSON.stringify({ ok: bad === 0, endpoint, checks })}\n` : report(checks, terminal),
  )
  return bad === 0 ? 0 : 1
}

/** As the SDK sends it: the key as it is, which is what ClickStack's collector wants, unless it is told otherwise. */
function headersFrom(env: Terminal["env"]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of (env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "").split(",")) {
    const equals = pair.indexOf("=")
    if (equals > 0)
      headers[pair.slice(0, equals).trim().toLowerCase()] = decode(pair.slice(equals + 1).trim())
  }
  const key = env["CLICKSTACK_API_KEY"] || env["HYPERDX_API_KEY"]
  if (!key) return headers
  const bearer = env["CLICKSTACK_API_KEY_SCHEME"]?.toLowerCase() === "bearer"
  return { ...headers, authorization: bearer ? `Bearer ${key}` : key }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function report(checks: readonly Check[], terminal: Terminal): string {
  const paint = createPaint(terminal.colours)
  const marks = {
    ok: paint.green("ok     "),
    warning: paint.yellow("warning"),
    failed: paint.red("failed "),
    skipped: paint.dim("skipped"),
  }
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.map(
    ({ name, status, message, fix }) =>
      `${marks[status]} ${name.padEnd(width)}  ${printable(message)}\n${fix === undefined ? "" : `${" ".repeat(width + 10)}-> ${fix}\n`}`,
  )
  const count = (wanted: Check["status"]) => checks.filter(({ status }) => status === wanted).length
  const [bad, warned] = [count("failed"), count("warning")]
  const warnings = warned === 0 ? "" : `, ${counted(warned, "warning")}`
  return `${lines.join("")}${bad === 0 ? "nothing failed" : `${bad} failed`}${warnings}\n`
}
