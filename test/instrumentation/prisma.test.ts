// Prisma with its generated client and its own instrumentation, against PostgreSQL.
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, test } from "vitest"
import { installApp } from "./installed-app.ts"
import { prisma } from "./library-table.ts"
import { hasPostgres, startPostgres } from "./servers/postgres.ts"
import { compile, expectDrawn, formats, runScript } from "./traced-app.ts"

const exec = promisify(execFile)

describe.skipIf(!hasPostgres)("with PostgreSQL", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let directory: string

  beforeAll(async () => {
    server = await startPostgres()
    directory = await installApp("prisma", prisma)
    await exec("node_modules/.bin/prisma", ["generate", "--schema", "schema.prisma"], {
      cwd: directory,
      // It would download an engine that generating does not use.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    })
    await exec("psql", [server.url, "-c", 'CREATE TABLE "Order" (id int PRIMARY KEY, customer text)'])
  }, 180_000)
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(formats)("prisma, %s", async (format) => {
    const script = await compile("prisma/prisma", format, directory)
    const run = await runScript(script, { env: () => ({ DATABASE_URL: server.url }) })
    expectDrawn(
      run,
      `
      prisma:client:connect
      job
        prisma:client:operation
          prisma:client:db_query  client  db.system.name=postgresql
            pg.query:SELECT postgres  client  db.system.name=postgresql
      prisma:client:disconnect
      `,
    )
  })
})
