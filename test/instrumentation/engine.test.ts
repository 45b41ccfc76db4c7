// Modules are patched at the moment the app loads them, however the app is started and whatever loads them.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import {
  amqplib,
  appDirectory,
  described,
  imports,
  memcached,
  nest,
  openai,
  report,
  requires,
} from "./engine-app.ts"

const register = "@clickstack/node/register"
const init = '{ traces: { exporter: "otlp" } }'
const all = { serverSpan: true, traceparent: true, memcached: true, amqplib: true, openai: true, nest: true }

const app = appDirectory({
  ...memcached("2.2.2"),
  ...amqplib("1.0.3"),
  ...openai("6.1.0"),
  ...nest("12.5.1"),
  "app.mjs": imports + report,
  "app.cjs": requires + report,
  "app.ts": `${imports}const typed: number = 1\n${report}`,
  "app.cts": `import { types } from "node:util"\n${imports}const typed: number = 1\n${report}`,
  "init.mjs": `import { init } from "@clickstack/node"\ninit(${init})\n`,
  "init-first.mjs": `import "./init.mjs"\nawait import("./app.mjs")\n`,
  "init-static.mjs": `import "./init.mjs"\n${imports}${report}`,
  "init-first.cjs": `require("@clickstack/node").init(${init})\n${requires}${report}`,
})
afterAll(() => app[Symbol.dispose]())

const starts: [name: string, args: string[]][] = [
  ["CommonJS with --require", ["--require", register, "app.cjs"]],
  ["CommonJS with --import", ["--import", register, "app.cjs"]],
  ["ES module with --import", ["--import", register, "app.mjs"]],
  ["ES module with --require", ["--require", register, "app.mjs"]],
  ["TypeScript with tsx, ES module", ["--import", register, "--import", "tsx", "app.ts"]],
  ["TypeScript with tsx first", ["--import", "tsx", "--import", register, "app.ts"]],
  ["TypeScript with tsx, CommonJS", ["--import", register, "--import", "tsx", "app.cts"]],
  ["init() first, and then an import", ["init-first.mjs"]],
  ["init() in CommonJS", ["init-first.cjs"]],
]

describe.each(["20.19.0", "22", "24", "26"])("Node %s", (version) => {
  let node: string
  beforeAll(async () => {
    node = await nodeBinary(version)
  }, 120_000)

  // tsx's require() of an ES module that imports another one fails there, without us too.
  const possible = starts.filter(
    ([name]) => version !== "20.19.0" || name !== "TypeScript with tsx, CommonJS",
  )
  test.each(possible)("%s", async (_, args) => {
    expect(await app.start(args, { node })).toEqual(all)
  })
})

test("with init() in a module that is imported first, all but libraries that are ES modules are in time", async () => {
  for (const version of ["20.19.0", "22", "24", "26"]) {
    const node = await nodeBinary(version)
    expect(await app.start(["init-static.mjs"], { node })).toEqual({ ...all, openai: false, nest: false })
  }
})

test("in pnpm's layout, of a library that only another library needs", async () => {
  const store = "node_modules/.pnpm"
  using pnpm = appDirectory({
    ...memcached("2.2.2", `${store}/memcached@2.2.2/node_modules/memcached`),
    ...openai("6.1.0", `${store}/openai@6.1.0/node_modules/openai`),
    [`${store}/wrapper@1.0.0/node_modules/memcached`]: `->${store}/memcached@2.2.2/node_modules/memcached`,
    [`${store}/wrapper@1.0.0/node_modules/openai`]: `->${store}/openai@6.1.0/node_modules/openai`,
    [`${store}/node_modules/openai`]: `->${store}/openai@6.1.0/node_modules/openai`,
    [`${store}/wrapper@1.0.0/node_modules/wrapper/package.json`]:
      '{ "type": "module", "exports": "./index.js" }',
    [`${store}/wrapper@1.0.0/node_modules/wrapper/index.js`]:
      'export { default as Memcached } from "memcached"\nexport { default as OpenAI } from "openai"\n',
    "node_modules/wrapper": `->${store}/wrapper@1.0.0/node_modules/wrapper`,
    "app.mjs": `import { Memcached, OpenAI } from "wrapper"
      const { instrumented } = ${described}
      console.log(JSON.stringify([
        Memcached.prototype.command.__wrapped === true,
        OpenAI.Chat.Completions.prototype.create.__wrapped === true,
        instrumented.map(({ library, version }) => library + " " + version),
      ]))`,
  })
  for (const version of ["20.19.0", "24"]) {
    const node = await nodeBinary(version)
    expect(await pnpm.start(["--import", register, "app.mjs"], { node })).toEqual([
      true,
      true,
      ["memcached 2.2.2", "openai 6.1.0"],
    ])
  }
})

test("several versions side by side, each patched for itself, one that is not supported left alone and named", async () => {
  using several = appDirectory({
    ...memcached("2.2.2"),
    ...memcached("2.3.0", "node_modules/a/node_modules/memcached"),
    ...memcached("1.9.0", "node_modules/b/node_modules/memcached"),
    "node_modules/a/index.js": 'module.exports = require("memcached")',
    "node_modules/b/index.js": 'module.exports = require("memcached")',
    "app.cjs": `const all = [require("memcached"), require("a"), require("b")]
      console.log(JSON.stringify([all.map((one) => one.prototype.command.__wrapped === true), ${described}]))`,
  })
  const path = (at: string) => join(several.path, "node_modules", at)
  expect(await several.start(["--import", register, "app.cjs"])).toEqual([
    [true, true, false],
    {
      instrumented: [
        { library: "memcached", version: "2.2.2", path: path("memcached") },
        { library: "memcached", version: "2.3.0", path: path("a/node_modules/memcached") },
      ],
      unsupported: [
        {
          library: "memcached",
          version: "1.9.0",
          path: path("b/node_modules/memcached"),
          reason: "only >=2.2.0 <3 is supported",
        },
      ],
      tooEarly: [],
    },
  ])
})

test("a library that came before init() is named, and the app runs on", async () => {
  using early = appDirectory({
    ...memcached("2.2.2"),
    "app.cjs": `const Memcached = require("memcached")
      const { instrumentation } = require("@clickstack/node").init().describe()
      console.log(JSON.stringify([Memcached.prototype.command.__wrapped === true, instrumentation]))`,
  })
  expect(await early.start(["app.cjs"])).toEqual([
    false,
    { instrumented: [], unsupported: [], tooEarly: ["memcached"] },
  ])
})

describe("what is not in the table", () => {
  const bystanders = {
    "node_modules/by-cjs/index.js":
      "exports.source = require('fs').readFileSync(__filename, 'utf8'); exports.one = () => 1\n",
    "node_modules/by-esm/package.json": '{ "type": "module", "exports": "./index.js" }',
    "node_modules/by-esm/index.js": "export const two = () => 2\nexport const where = import.meta.url //",
    "node_modules/pgg/index.js": "exports.three = () => 3\n",
    "app.mjs": `import * as cjs from "by-cjs"
      import * as esm from "by-esm"
      import * as named from "pgg"
      import { readFileSync } from "node:fs"
      import { _cache } from "node:module"
      const text = (one) => Object.entries(one).map(([name, value]) => name + " " + String(value))
      const ours = Object.keys(_cache).filter((file) => /module-patcher|instrumentation-|module-hooks/.test(file))
      console.log(JSON.stringify([text(cjs), text(esm), text(named), typeof readFileSync, ours]))`,
  }

  test("is as it would be without us, and nothing is loaded for it", async () => {
    using without = appDirectory(bystanders)
    for (const version of ["20.19.0", "22", "24", "26"]) {
      const node = await nodeBinary(version)
      const bare = await without.start(["app.mjs"], { node })
      expect(await without.start(["--import", register, "app.mjs"], { node })).toEqual(bare)
      expect((bare as unknown[])[4]).toEqual([])
    }
  })

  test("as is what is switched off, or everything when the SDK is disabled", async () => {
    using off = appDirectory({
      ...memcached("2.2.2"),
      "app.cjs": `console.log(JSON.stringify([require("memcached").prototype.command.__wrapped === true, ${described}]))`,
    })
    const nothing = [false, { instrumented: [], unsupported: [], tooEarly: [] }]
    for (const env of [
      { CLICKSTACK_INSTRUMENTATION_MEMCACHED: "false" },
      { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "memcached" },
      { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "pg" },
      { CLICKSTACK_INSTRUMENTATION: "false" },
      { CLICKSTACK_DISABLED: "true" },
    ]) {
      expect(await off.start(["--require", register, "app.cjs"], { env })).toEqual(nothing)
    }
  })
})

test("fs, dns and net can be switched on, also before anything of the SDK is loaded", async () => {
  using switched = appDirectory({
    "app.mjs": `import { readFileSync } from "node:fs"
      import { lookup } from "node:dns/promises"
      import { connect, createServer } from "node:net"
      import { trace } from "@opentelemetry/api"
      const names = []
      await trace.getTracer("app").startActiveSpan("job", async (span) => {
        readFileSync("package.json")
        await lookup("localhost")
        const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1")
        await new Promise((resolve) => server.on("listening", resolve))
        await new Promise((resolve) => connect(server.address().port, "127.0.0.1").on("close", resolve).resume())
        server.close()
        span.end()
      })
      const { instrumented } = ${described}
      console.log(JSON.stringify(instrumented.map(({ library }) => library).toSorted()))`,
  })
  const env = { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "fs,dns,net" }
  for (const version of ["20.19.0", "24"]) {
    const node = await nodeBinary(version)
    const libraries: string[] = await switched.start(["--import", register, "app.mjs"], { node, env })
    expect(libraries).toEqual(expect.arrayContaining(["node:fs", "node:net"]))
  }
})

test("an instrumentation that fails leaves its library as it was, and says so once", async () => {
  using broken = appDirectory({
    "node_modules/memcached/package.json": '{ "name": "memcached", "version": "2.2.2" }',
    "node_modules/memcached/index.js": "exports.notAClass = true\n",
    "app.cjs": `const { notAClass } = require("memcached")
      console.log(JSON.stringify([notAClass, ${described}.unsupported.map(({ library }) => library)]))`,
  })
  expect(await broken.start(["--require", register, "app.cjs"])).toEqual([true, ["memcached"]])
  const env = { CLICKSTACK_LOG_LEVEL: "warn" }
  await expect(broken.start(["--require", register, "app.cjs"], { env })).rejects.toThrow(
    /clickstack: memcached 2\.2\.2 is not instrumented: /,
  )
})

describe("Prisma", () => {
  const prisma = {
    "node_modules/@prisma/client/package.json": '{ "name": "@prisma/client", "version": "7.10.0" }',
    "node_modules/@prisma/client/runtime/client.js": "exports.PrismaClient = class {}\n",
    "app.mjs": `import "@prisma/client/runtime/client.js"
      const { instrumented, unsupported } = ${described}
      console.log(JSON.stringify([
        globalThis.PRISMA_INSTRUMENTATION?.helper?.isEnabled() === true,
        instrumented.map(({ library }) => library),
        unsupported.map(({ reason }) => reason),
      ]))`,
  }

  test("makes its spans with the package of its own, which the app has", async () => {
    using shop = appDirectory(prisma)
    shop.link("@prisma/instrumentation")
    expect(await shop.start(["--import", register, "app.mjs"])).toEqual([true, ["@prisma/client"], []])
  })

  test("without that package runs as it is, and describe() says what to install", async () => {
    using shop = appDirectory(prisma)
    const reason =
      "its spans come from the package @prisma/instrumentation: npm install @prisma/instrumentation"
    expect(await shop.start(["--import", register, "app.mjs"])).toEqual([false, [], [reason]])
  })
})

test("worker threads and child processes are instrumented as their parent", async () => {
  using parent = appDirectory({
    ...memcached("2.2.2"),
    "leaf.cjs": `const wrapped = require("memcached").prototype.command.__wrapped === true
      const { parentPort } = require("node:worker_threads")
      if (parentPort) parentPort.postMessage(wrapped)
      else process.send(wrapped)`,
    "app.mjs": `import { fork } from "node:child_process"
      import { once } from "node:events"
      import { Worker } from "node:worker_threads"
      const [[worker], [child]] = await Promise.all([
        once(new Worker("./leaf.cjs"), "message"),
        once(fork("./leaf.cjs"), "message"),
      ])
      console.log(JSON.stringify({ worker, child }))`,
  })
  expect(existsSync(join(parent.path, "leaf.cjs"))).toBe(true)
  expect(await parent.start(["--import", register, "app.mjs"])).toEqual({ worker: true, child: true })
})
