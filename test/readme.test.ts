// The documentation is run: every js block in a process of its own, and compared with what it says it prints; the root
// README's commands in a fresh copy of the repository, where what was packed is installed into an app.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { IngestError, createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { anchors, codeBlocks, firstColumn } from "./markdown.ts"
import { run, runNode } from "./run-node.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), "utf8")

const documents = [
  "README.md",
  ".github/CONTRIBUTING.md",
  "examples/README.md",
  "examples/shop-day/README.md",
  "examples/shop/README.md",
  "packages/README.md",
  ...readdirSync(join(root, "packages"))
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => exists(path)),
]

function exists(path: string): boolean {
  return existsSync(join(root, path))
}

// Scripts that stand in here find the packages that test/ has.
mkdirSync(join(root, "test", "dist"), { recursive: true })
const scripts = mkdtempSync(join(root, "test", "dist", "readme-"))
afterAll(() => rmSync(scripts, { recursive: true, force: true }))

// In its place the test puts the address of a real ClickHouse.
const serverUrl = "http://user:password@localhost:8123/otel"

// A package whose README opens ports or sends data has a test of its own for it, which knows how.
const isRunElsewhere = (path: string): boolean =>
  exists(join("test", basename(dirname(path)), "readme.test.ts"))

describe.each(documents)("%s", (path) => {
  const blocks = codeBlocks(read(path)).filter(({ language }) => language === "js")

  test.each(isRunElsewhere(path) ? [] : blocks)(
    "the code in line $line does what it says",
    async ({ code, line, output }) => {
      const needsServer = code.replaceAll(/\/\/ .*$/gm, "").includes(serverUrl)
      const clickHouse = needsServer ? await startClickHouse({ database: "otel" }) : undefined
      const directory = mkdtempSync(join(scripts, "run-"))
      try {
        const script = join(directory, `line-${line}.mjs`)
        writeFileSync(script, clickHouse === undefined ? code : code.replaceAll(serverUrl, clickHouse.url))
        // Where nobody listens, lines of the console would be waited for, and a word said about it.
        const env = { ...process.env, CLICKSTACK_INSTRUMENTATION_CONSOLE: "false" }
        const { code: exitCode, stdout, stderr } = await runNode([script], { cwd: directory, env })
        expect(stderr).toBe("")
        expect(exitCode).toBe(0)
        expect(stdout).toBe(output ?? "")
      } finally {
        await clickHouse?.close()
      }
    },
  )

  test("links to files, and to headings in them, that exist", () => {
    const links = [...read(path).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)]
    const broken = links.filter(([, file = "", heading]) => {
      const target = file === "" ? path : join(dirname(path), file)
      return heading === undefined ? !exists(target) : !anchors(read(target)).includes(heading)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})

describe("the manual of @clickstack/ingest", () => {
  const manual = read("packages/ingest/README.md")

  test("names every option, and none that is not there", () => {
    let known: string[] = []
    try {
      createIngest({ url: "chdb::memory:", nothingLikeThat: 1 } as never)
    } catch (error) {
      known = /known are (.*)/.exec((error as IngestError).message)?.[1]?.split(", ") ?? []
    }
    expect(known.length).toBeGreaterThan(10)
    expect(firstColumn(manual, "Options").toSorted()).toEqual(known.toSorted())
  })

  test("names every code of an error, and none that is not there", () => {
    const declared = read("packages/ingest/src/errors.ts").matchAll(/^ {2}\| "(\w+)"$/gm)
    const codes = [...declared].map(([, code = ""]) => code)
    expect(codes.length).toBeGreaterThan(20)
    expect(firstColumn(manual, "Errors").toSorted()).toEqual(codes.toSorted())
  })
})

describe("the architecture page", () => {
  const page = read("packages/README.md")

  test("names every package of the workspace", () => {
    const packages = readdirSync(join(root, "packages"))
      .filter((name) => exists(`packages/${name}/package.json`))
      .map((name) => `@clickstack/${name}`)
    expect(packages.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  test("gives a reason for every dependency, and names none that is not there", () => {
    const [, catalog = ""] = read("pnpm-workspace.yaml").split("\ncatalog:\n")
    const inCatalog = [...catalog.matchAll(/^ {2}"?([@\w/.-]+)"?: /gm)].map(([, name = ""]) => name)
    expect(inCatalog.length).toBeGreaterThan(15)
    expect(firstColumn(page, "Dependencies").toSorted()).toEqual(inCatalog.toSorted())
  })

  test("names only files that exist", () => {
    const named = [...page.matchAll(/`((?:packages|test|examples|\.github|\.changeset)\/[\w./-]+)`/g)]
    expect(named.length).toBeGreaterThan(10)
    expect(named.map(([, path = ""]) => path).filter((path) => !exists(path))).toEqual([])
  })
})

describe("the commands of the root README", () => {
  const shell = codeBlocks(read("README.md")).filter(({ language }) => language === "sh")
  // The one command that is not run here: this test is a part of what it runs.
  const notRun = "npm test\n"
  // Somebody's shell knows nothing of the npm that runs this test.
  const ownEnvironment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|INIT_CWD$)/i.test(name)),
  )
  const here = mkdtempSync(join(tmpdir(), "clickstack-readme-"))
  const app = join(here, "my-app")

  beforeAll(() => {
    // As a clone has it: without what installing and building make.
    const made = /^(node_modules|dist|\.git|\.clickstack)$|\.(tsbuildinfo|tgz|log)$/
    cpSync(root, join(here, "clone"), { recursive: true, filter: (path) => !made.test(basename(path)) })
    mkdirSync(app)
    writeFileSync(join(app, "package.json"), '{ "name": "my-app", "private": true, "type": "module" }\n')
  })
  afterAll(() => rmSync(here, { recursive: true, force: true }))

  test("begin with the two that package.json has", () => {
    const { scripts: commands } = JSON.parse(read("package.json")) as { scripts: Record<string, string> }
    expect(shell[0]?.code).toBe("npm start\nnpm test\n")
    expect(commands["start"]).toBe("node test/tools/start.mjs")
    expect(commands["test"]).toBe("node test/tools/test.mjs")
    expect(exists("test/tools/test.mjs")).toBe(true)
  })

  test("work in a fresh copy, and an app can use what was packed", { timeout: 300_000 }, async () => {
    // It goes on until somebody ends it, unless it is told to show things once.
    const once = ["npm start\n", "npm start -- --once\n"] as const
    const commands = shell.map(({ code }) => code.replace(notRun, "").replace(...once))
    expect(commands).toHaveLength(3)
    for (const command of commands) {
      const { code, stdout, stderr } = await run("sh", ["-ec", command], {
        cwd: join(here, "clone"),
        env: { ...ownEnvironment, CI: "true", npm_config_prefer_offline: "true" },
      })
      expect({ command, code, output: code === 0 ? "" : stdout + stderr }).toEqual({
        command,
        code: 0,
        output: "",
      })
    }
    // In place of `npm install chdb`, which would fetch all of ClickHouse for each run: the copy that is here.
    symlinkSync(join(root, "test", "node_modules", "chdb"), join(app, "node_modules", "chdb"))
    const example = codeBlocks(read("README.md")).find(({ language }) => language === "js")
    writeFileSync(join(app, "index.js"), example?.code ?? "")
    expect(await runNode(["index.js"], { cwd: app })).toEqual({
      code: 0,
      stdout: example?.output,
      stderr: "",
    })
    // Apps of CommonJS can load it, too.
    writeFileSync(join(app, "old.cjs"), 'console.log(typeof require("@clickstack/ingest").createIngest)\n')
    expect(await runNode(["old.cjs"], { cwd: app })).toEqual({ code: 0, stdout: "function\n", stderr: "" })
  })
})
