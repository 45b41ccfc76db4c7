// Exports a batch and tells what came of it.
import type { Exporter, ExportResult } from "@clickstack/ingest"

export function exported<Batch>(exporter: Exporter<Batch>, batch: Batch): Promise<ExportResult> {
  return new Promise((resolve) => exporter.export(batch, resolve))
}
