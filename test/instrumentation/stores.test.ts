// Stores of keys and documents: Redis and memcached are real where Debian's packages are installed, MongoDB is a
// stand-in, and nobody listens where Cassandra should.
import { afterAll, beforeAll, describe } from "vitest"
import { hasMemcached, startMemcached } from "./servers/memcached.ts"
import { startMongodb } from "./servers/mongodb.ts"
import { hasRedis, startRedis } from "./servers/redis.ts"
import { freePort } from "./servers/start-server.ts"
import { expectTraces } from "./traced-app.ts"

describe.skipIf(!hasRedis)("with Redis", () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const env = () => ({ REDIS_URL: server.url })

  for (const versions of ["newest", "previous"] as const) {
    const older = versions === "previous" ? " of the previous version" : ""
    expectTraces(
      "redis",
      `
      redis-connect  client  db.system.name=redis
      job
        redis-SET  client  db.system.name=redis  db.query.text=SET order:7 [1 other arguments]
        redis-GET  client  db.system.name=redis  db.query.text=GET order:7
        redis-DEL  client  db.system.name=redis  db.query.text=DEL order:7
      `,
      { name: `redis${older}`, env, versions },
    )
    expectTraces(
      "ioredis",
      `
      job
        set  client  db.system.name=redis  db.query.text=set order:7 [1 other arguments]
        get  client  db.system.name=redis  db.query.text=get order:7
        del  client  db.system.name=redis  db.query.text=del order:7
      `,
      { name: `ioredis${older}`, env, versions },
    )
  }
})

describe.skipIf(!hasMemcached)("with memcached", () => {
  let server: Awaited<ReturnType<typeof startMemcached>>
  beforeAll(async () => {
    server = await startMemcached()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  expectTraces(
    "memcached",
    `
    job
      memcached set  client  db.system.name=memcached  db.operation.name=set
      memcached get  client  db.system.name=memcached  db.operation.name=get
    `,
    { env: () => ({ MEMCACHED_URL: server.url }) },
  )
})

describe("up to the socket", () => {
  let server: Awaited<ReturnType<typeof startMongodb>>
  let nobody: number
  beforeAll(async () => {
    server = await startMongodb()
    nobody = await freePort()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const env = () => ({ MONGODB_URL: `mongodb://127.0.0.1:${server.port}/?directConnection=true` })

  for (const versions of ["newest", "previous"] as const) {
    const older = versions === "previous" ? " of the previous version" : ""
    expectTraces(
      "mongodb",
      `
      job
        find orders  client  db.system.name=mongodb  db.namespace=shop
      `,
      { name: `mongodb${older}`, env, versions },
    )
  }

  expectTraces(
    "mongoose",
    `
    job
      findOne orders  client  db.system.name=mongodb  db.namespace=shop
        find orders  client  db.system.name=mongodb  db.namespace=shop
    `,
    { env },
  )

  expectTraces(
    "cassandra-driver",
    `
    job
      cassandra-driver.execute  client  error  db.system.name=cassandra
    `,
    { env: () => ({ CASSANDRA_ADDRESS: `127.0.0.1:${nobody}` }) },
  )
})
