// Importing this gives vitest's expect() our matchers: as a setup file, or in a test.
import { expect } from "vitest"
import { matchers, type TelemetryMatchers } from "./matchers/matchers.ts"

expect.extend(matchers as unknown as Parameters<typeof expect.extend>[0])

declare module "vitest" {
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-explicit-any
  interface Matchers<T = any> extends TelemetryMatchers<T> {}
}

export type { TelemetryMatchers } from "./matchers/matchers.ts"
