// Unit tests stand beside the source, what crosses packages stands in test/. Both run from here:
// `pnpm test queue` runs the files whose name holds "queue".
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Processes, not threads: chDB allows one data directory per process and must not share it.
    pool: "forks",
    // vitest would leave one core to itself; on CI's two that would be half of them.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
