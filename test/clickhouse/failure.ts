// The exception that the official client makes of a refused request.
import { ClickHouseError } from "@clickhouse/client"

export async function failure(promise: Promise<unknown>): Promise<ClickHouseError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ClickHouseError) return error
    throw error
  }
  throw new Error("it did not fail")
}
