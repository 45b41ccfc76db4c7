// Adds to a telemetry what its owner has beside it.
import type { Telemetry } from "./telemetry.ts"

/** A telemetry with more to it, whose getters stay getters. */
export function extend<T extends object>(telemetry: Telemetry, more: T): Telemetry & T {
  return Object.defineProperties({} as Telemetry & T, {
    ...Object.getOwnPropertyDescriptors(telemetry),
    ...Object.getOwnPropertyDescriptors(more),
  })
}
