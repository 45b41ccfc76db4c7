// durable() in plain OpenTelemetry apps, with upstream's own exporters.
import { durable } from "./faults/everywhere.ts"
import { faults } from "./faults/all.ts"
import { runFaults } from "./fault.ts"

for (const kind of durable) runFaults(kind, faults)
