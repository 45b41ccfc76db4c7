// Importing this gives jest's expect() our matchers: in `setupFilesAfterEnv`, or in a test. jest's own packages are not
// imported: what is extended is the expect() that jest has made global.
import { TestingError } from "./errors.ts"
import { matchers, type TelemetryMatchers } from "./matchers/matchers.ts"

const { expect } = globalThis as { expect?: { extend(given: object): void } }
if (expect === undefined) {
  throw new TestingError(
    "WRONG_VALUE",
    "@clickstack/testing/jest found no global expect(): import it in a test or in setupFilesAfterEnv; with injectGlobals: false, call expect.extend(matchers)",
  )
}
expect.extend(matchers)

declare global {
  // oxlint-disable-next-line typescript/no-namespace
  namespace jest {
    interface Matchers<R> extends TelemetryMatchers<R> {}
  }
}

export { matchers } from "./matchers/matchers.ts"
export type { TelemetryMatchers } from "./matchers/matchers.ts"
