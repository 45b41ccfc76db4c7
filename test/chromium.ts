// Debian's Chromium, for tests that need a real browser. Without it they are skipped by name on a person's machine, and
// fail on CI.
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"
import { test } from "vitest"

const executablePath = "/usr/bin/chromium"

export const browserTest: typeof test =
  existsSync(executablePath) || process.env["CI"] === "true" ? test : (test.skip as typeof test)

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })
}
