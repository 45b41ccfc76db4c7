// A script that stores what it did in ClickStack's tables, and asks for it: `node index.js [URL]`.
import { createIngest } from "@clickstack/ingest"

const ingest = createIngest(process.argv[2] ?? "chdb::memory:")
try {
  const created = await ingest.ensureSchema()
  console.log(`tables created: ${created.length}`)

  const job = { "service.name": "nightly-import" }
  await ingest.insert("otel_logs", [
    {
      Timestamp: new Date(),
      ServiceName: "nightly-import",
      SeverityText: "info",
      Body: "1,204 rows imported",
    },
    {
      Timestamp: new Date(),
      ServiceName: "nightly-import",
      SeverityText: "warn",
      Body: "3 rows had no price",
      ResourceAttributes: job,
      LogAttributes: { "import.file": "prices.csv", "import.skipped": 3 },
    },
  ])

  const warnings = await ingest.query(
    `SELECT Body AS message, LogAttributes['import.file'] AS file FROM otel_logs
     WHERE ServiceName = {service:String} AND SeverityText = {severity:String}
     ORDER BY Timestamp DESC LIMIT 1`,
    { service: "nightly-import", severity: "warn" },
  )
  console.log(warnings)
} finally {
  await ingest.close()
}
