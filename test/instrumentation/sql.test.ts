// SQL databases: PostgreSQL and MariaDB are real where Debian's packages are installed, SQL Server is a stand-in.
import { afterAll, beforeAll, describe } from "vitest"
import { hasMariadb, startMariadb } from "./servers/mariadb.ts"
import { hasPostgres, startPostgres } from "./servers/postgres.ts"
import { startSqlServer } from "./servers/sql-server.ts"
import { expectTraces } from "./traced-app.ts"

describe.skipIf(!hasPostgres)("with PostgreSQL", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const env = () => ({ DATABASE_URL: server.url })

  expectTraces(
    "pg",
    `
    job
      pg.query:SELECT postgres  client  db.system.name=postgresql  db.query.text=SELECT $1::int AS total
    `,
    { env },
  )

  expectTraces(
    "knex",
    `
    job
      select postgres.pg_tables  client  db.query.text=select "tablename" from "pg_tables" where "tablename" = ?
        pg.query:SELECT postgres  client  db.query.text=select "tablename" from "pg_tables" where "tablename" = $1
    `,
    { env },
  )
})

describe.skipIf(!hasMariadb)("with MariaDB", () => {
  let server: Awaited<ReturnType<typeof startMariadb>>
  beforeAll(async () => {
    server = await startMariadb()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  expectTraces(
    "mysql2",
    `
    job
      SELECT  client  db.system.name=mysql  db.namespace=mysql  db.query.text=SELECT ? + ? AS total
    `,
    { env: () => ({ DATABASE_URL: server.url }) },
  )
})

describe("up to the socket", () => {
  let server: Awaited<ReturnType<typeof startSqlServer>>
  beforeAll(async () => {
    server = await startSqlServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  expectTraces(
    "tedious",
    `
    job
      execSql shop  client  db.system.name=microsoft.sql_server  db.namespace=shop
    `,
    { env: () => ({ TDS_PORT: `${server.port}` }) },
  )
})
