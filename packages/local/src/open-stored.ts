// Reads a data directory that no process holds, without any port.
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Ingest, createIngest } from "@clickstack/ingest"
import { cannotOpen, openDataDirectory } from "./data-directory.ts"
import { LocalError } from "./local-error.ts"
import { serverSettings } from "./tune-tables.ts"

export interface Stored {
  readonly ingest: Ingest
  close(): Promise<void>
}

export async function openStored(dir: string): Promise<Stored> {
  const path = resolve(dir)
  if (!existsSync(join(path, "data"))) {
    throw new LocalError(
      "NOT_RUNNING",
      `there is no data in ${path}, and no clickstack is found there: start it with "clickstack", or name another directory (--dir)`,
    )
  }
  const directory = openDataDirectory(path)
  const ingest = createIngest({ url: `chdb:${directory.data}`, serverSettings })
  const close = async () => {
    await ingest.close()
    directory.release()
  }
  try {
    await ingest.query("SELECT 1")
    return { ingest, close }
  } catch (error) {
    await close().catch(() => {})
    throw cannotOpen(path, error)
  }
}
