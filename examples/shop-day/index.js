// Writes a day of an invented shop into ClickHouse and asks a few questions of it.
import { IngestError, createIngest } from "@clickstack/ingest"
import { makeDay } from "./day.js"
import { makeMetrics } from "./metrics.js"
import { count, style } from "./print.js"
import { questions } from "./questions.js"

const usage = `usage: node examples/shop-day/index.js [URL]

URL   where ClickHouse is: chdb::memory: (the default: in this process, gone afterwards),
      chdb:./directory, or http://user:password@host:8123/database`

const DAY = 86_400_000

// Spans per export, as a batch processor would hand them over.
const batchSize = 5_000

/** @param {string} url */
async function main(url) {
  const ingest = createIngest(url)
  try {
    await ingest.ensureSchema()
    const [there] = await ingest.query("SELECT count() AS spans FROM otel_traces")
    if (Number(there?.["spans"]) === 0) await write(ingest)
    else
      console.log(
        "There is telemetry already, so nothing is written; the questions are asked of what is there.",
      )
    for (const question of questions) await ask(ingest, question)
    console.log(next)
  } finally {
    await ingest.close()
  }
}

/** @param {import("@clickstack/ingest").Ingest} ingest */
async function write(ingest) {
  const started = performance.now()
  // Yesterday: recent enough for the tables' retention, and over.
  const midnight = Math.floor(Date.now() / DAY) * DAY - DAY
  const date = new Date(midnight).toISOString().slice(0, 10)
  console.log(style("bold", `A day in an invented shop, ${date}`))
  const { spans, logs, measured } = makeDay(midnight)
  for (const batch of batches(spans)) await exported(ingest.spans, batch)
  for (const batch of batches(logs)) await exported(ingest.logs, batch)
  for (const metrics of makeMetrics(measured, midnight)) await exported(ingest.metrics, metrics)

  for (const [table, { stored }] of Object.entries(ingest.stats())) {
    console.log(`  ${count(stored).padStart(7)} rows in ${table}`)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(style("dim", `  made up, and stored, in ${seconds} s`))
}

/** @template T @param {readonly T[]} items */
function* batches(items) {
  for (let at = 0; at < items.length; at += batchSize) yield items.slice(at, at + batchSize)
}

/**
 * Exports a batch as OpenTelemetry's SDK does, and waits for the answer.
 * @template T
 * @param {import("@clickstack/ingest").Exporter<T>} exporter
 * @param {T} batch
 */
function exported(exporter, batch) {
  return new Promise((resolve, reject) => {
    exporter.export(batch, ({ error }) => (error === undefined ? resolve(undefined) : reject(error)))
  })
}

/**
 * @param {import("@clickstack/ingest").Ingest} ingest
 * @param {import("./questions.js").Question} question
 */
async function ask(ingest, { title, sql, params, show }) {
  const rows = await ingest.query(sql, params)
  const given = params === undefined ? "" : `\n-- with ${JSON.stringify(params)}`
  const shownSql = (sql + given).trim().replaceAll(/^/gm, "  ")
  console.log(`\n${style("bold", title)}\n${style("dim", shownSql)}\n\n${show(rows).join("\n")}`)
}

const next = `
What next
  index.js chdb:./shop-day      the same, with the data kept in a directory
  examples/README.md            smaller examples, to begin with
  packages/ingest/README.md     the manual of what wrote and asked all this`

// A reader such as \`head\` may leave early; that is no reason to fail.
process.stdout.on("error", () => {})

const [url = "chdb::memory:", ...others] = process.argv.slice(2)
if (url === "--help") console.log(usage)
else if (url.startsWith("-") || others.length > 0) refuse(`I do not know ${others[0] ?? url}`)
else await main(url).catch(explain)

/** @param {string} problem */
function refuse(problem) {
  console.error(`shop-day: ${problem}\n\n${usage}`)
  process.exitCode = 1
}

/** What is wrong with a URL or a server is said in one line; anything else is a bug. @param {unknown} error */
function explain(error) {
  if (!(error instanceof IngestError)) throw error
  console.error(`shop-day: ${error.message}`)
  process.exitCode = 1
}
