// A directory that another process holds.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { join } from "node:path"
import { startLocal } from "@clickstack/local"
import { expect, test } from "vitest"
import { freePorts, temporaryDirectory } from "./temporary.ts"

const dir = join(temporaryDirectory(), "data")

const program = `
  import { startLocal } from "@clickstack/local"
  const local = await startLocal({ dir: process.argv[1], httpPort: 0, grpcPort: 0, uiPort: 0 })
  console.log(local.otlp.http)
`

test("says who holds it and where that one listens; a killed holder leaves it free", async () => {
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program, dir], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = (await once(holder.stdout, "data")) as [Buffer]
  const url = line.toString().trim()
  try {
    await expect(startLocal({ dir, ...freePorts })).rejects.toMatchObject({
      code: "DIRECTORY_HELD",
      message: expect.stringMatching(`process id ${holder.pid}.*${url}`),
    })
  } finally {
    holder.kill("SIGKILL")
    await once(holder, "exit")
  }
  await using local = await startLocal({ dir, ...freePorts })
  expect(local.dir).toBe(dir)
})
