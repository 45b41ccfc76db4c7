import { faults } from "./faults/all.ts"
import { runFaults } from "./fault.ts"

runFaults("clickhouse", faults)
