// Apps in a directory of their own, with libraries that are laid out as a test needs them. The libraries are small
// ones under the names of real ones: what is tried here is how modules are found and patched, whatever is in them.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { run } from "../run-node.ts"

const installed = fileURLToPath(new URL("../node_modules", import.meta.url))

export interface AppDirectory extends Disposable {
  readonly path: string
  /** By path; "->" before a path makes a link to it. */
  write(files: Readonly<Record<string, string>>): void
  /** Makes a package of these tests one of the app's. */
  link(name: string): void
  /** What the app prints, as JSON. */
  start(args: readonly string[], options?: { node?: string; env?: Record<string, string> }): Promise<never>
}

export function appDirectory(files: Readonly<Record<string, string>>): AppDirectory {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "clickstack-engine-")))
  const app: AppDirectory = {
    path,
    write: (given) => {
      for (const [name, content] of Object.entries(given)) {
        const file = join(path, name)
        mkdirSync(dirname(file), { recursive: true })
        if (content.startsWith("->")) symlinkSync(join(path, content.slice(2)), file)
        else writeFileSync(file, content)
      }
    },
    link: (name) => {
      mkdirSync(dirname(join(path, "node_modules", name)), { recursive: true })
      symlinkSync(join(installed, name), join(path, "node_modules", name))
    },
    start: async (args, { node = process.execPath, env = {} } = {}) => {
      const { code, stdout, stderr } = await run(node, args, {
        cwd: path,
        // What is recorded goes nowhere, and nothing is said of that.
        env: {
          PATH: process.env["PATH"],
          HOME: "",
          OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
          CLICKSTACK_SPOOL: "false",
          CLICKSTACK_EXIT_BUDGET: "0",
          CLICKSTACK_LOG_LEVEL: "none",
          // They start when a process is a little older, which some of these become.
          CLICKSTACK_INSTRUMENTATION_RUNTIME: "false",
          CLICKSTACK_INSTRUMENTATION_HOST: "false",
          ...env,
        },
      })
      if (code !== 0 || stderr !== "") throw new Error(`exit code ${code}\n${stdout}\n${stderr}`)
      return JSON.parse(stdout) as never
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
  app.write({ "package.json": '{ "private": true }', ...files })
  app.link("@clickstack/node")
  app.link("@opentelemetry/api")
  app.link("tsx")
  return app
}

/** CommonJS, patched in its entry. */
export const memcached = (version: string, at = "node_modules/memcached"): Record<string, string> => ({
  [`${at}/package.json`]: JSON.stringify({ name: "memcached", version, main: "index" }),
  [`${at}/index.js`]: "module.exports = class Memcached { command() {} }\n",
})

/** CommonJS, patched in files that are not its entry. */
export const amqplib = (version: string, at = "node_modules/amqplib"): Record<string, string> => ({
  [`${at}/package.json`]: JSON.stringify({ name: "amqplib", version, main: "./channel_api.js" }),
  [`${at}/channel_api.js`]: 'exports.connect = require("./lib/connect").connect\n',
  [`${at}/lib/connect.js`]: "exports.connect = () => {}\n",
})

/** An ES module for `import`, CommonJS for `require`, as most that have both. */
export const openai = (version: string, at = "node_modules/openai"): Record<string, string> => {
  const body = `class Create { create() {} }
class OpenAI {}
OpenAI.OpenAI = OpenAI
OpenAI.Chat = { Completions: Create }
OpenAI.Embeddings = class extends Create { create() {} }
`
  return {
    [`${at}/package.json`]: JSON.stringify({
      name: "openai",
      version,
      exports: { ".": { import: "./index.mjs", require: "./index.js" } },
    }),
    [`${at}/index.js`]: `${body}module.exports = OpenAI\n`,
    [`${at}/index.mjs`]: `${body}export default OpenAI\nexport { OpenAI } //`,
  }
}

/** An ES module alone, patched in files that are not its entry. */
export const nest = (version: string, at = "node_modules/@nestjs/core"): Record<string, string> => ({
  [`${at}/package.json`]: JSON.stringify({
    name: "@nestjs/core",
    version,
    type: "module",
    exports: { ".": "./index.js" },
  }),
  [`${at}/index.js`]:
    'export * from "./nest-factory.js"\nexport * from "./router/router-execution-context.js"\n',
  [`${at}/nest-factory.js`]: "export class NestFactoryStatic { create() {} }\n",
  [`${at}/router/router-execution-context.js`]: "export class RouterExecutionContext { create() {} }\n",
})

/** Serves itself one request, and prints what is patched and what the handler saw. */
export const report = `
const server = createServer((request, response) => {
  seen = { serverSpan: trace.getActiveSpan() !== undefined, traceparent: "traceparent" in request.headers }
  response.end()
})
let seen
server.listen(0, "127.0.0.1", () => {
  get({ port: server.address().port, host: "127.0.0.1" }, (response) => {
    response.resume().on("end", () => {
      server.close()
      server.closeAllConnections()
      console.log(JSON.stringify({
        ...seen,
        memcached: Memcached.prototype.command.__wrapped === true,
        amqplib: connect.__wrapped === true,
        openai: OpenAI.Chat.Completions.prototype.create.__wrapped === true,
        nest: RouterExecutionContext.prototype.create.__wrapped === true,
      }))
    })
  })
})
`

export const imports = `
import { createServer, get } from "node:http"
import { trace } from "@opentelemetry/api"
import { connect } from "amqplib"
import Memcached from "memcached"
import OpenAI from "openai"
import { RouterExecutionContext } from "@nestjs/core"
`

export const requires = `
const { createServer, get } = require("http")
const { trace } = require("@opentelemetry/api")
const { connect } = require("amqplib")
const Memcached = require("memcached")
const OpenAI = require("openai")
const { RouterExecutionContext } = require("@nestjs/core")
`

/** What the running SDK says, without an import of it. */
export const described = `globalThis[Symbol.for("@clickstack/node")].clickstack.describe().instrumentation`
