// A directory for one test file, removed at its end.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "clickstack-local-"))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export const freePorts = { httpPort: 0, grpcPort: 0, uiPort: 0 } as const
