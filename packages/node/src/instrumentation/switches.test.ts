import { expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import type { Options } from "../options.ts"
import { table } from "./table.ts"

const off = table.filter((row) => row.off).map(({ name }) => name)

function given(options: Options, env: NodeJS.ProcessEnv = {}) {
  const { config, warnings } = resolveConfig(options, env)
  return { on: [...config.instrumentation.on].toSorted(), warnings }
}

test("everything is on but fs, dns and net", () => {
  expect(off.toSorted()).toEqual(["dns", "fs", "net"])
  const rest = table.map(({ name }) => name).filter((name) => !off.includes(name))
  expect(given({})).toEqual({ on: rest.toSorted(), warnings: [] })
})

test("each can be switched by name, in code and by a variable, and code wins", () => {
  expect(given({ instrumentation: { pg: false, fs: true } }).on).not.toContain("pg")
  expect(given({ instrumentation: { fs: true } }).on).toContain("fs")
  expect(given({}, { CLICKSTACK_INSTRUMENTATION_PG: "false" }).on).not.toContain("pg")
  expect(given({ instrumentation: { pg: true } }, { CLICKSTACK_INSTRUMENTATION_PG: "false" }).on).toContain(
    "pg",
  )
})

test("all can be off, and what is named stays on", () => {
  expect(given({ instrumentation: false }).on).toEqual([])
  expect(given({ instrumentation: { all: false, pg: true } }).on).toEqual(["pg"])
  expect(
    given({}, { CLICKSTACK_INSTRUMENTATION: "false", CLICKSTACK_INSTRUMENTATION_HTTP: "true" }).on,
  ).toEqual(["http"])
})

test("upstream's lists take upstream's names and ours, and ours of one library win over them", () => {
  const enabled = { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http, nestjs-core,socketio,winston,restify,fs" }
  expect(given({}, enabled)).toEqual({ on: ["fs", "http", "nestjs", "socketio", "winston"], warnings: [] })
  expect(given({}, { ...enabled, OTEL_NODE_DISABLED_INSTRUMENTATIONS: "http" }).on).not.toContain("http")
  expect(given({}, { ...enabled, CLICKSTACK_INSTRUMENTATION_PG: "true" }).on).toContain("pg")
  expect(given({}, { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "aws-sdk" }).on).not.toContain("aws")
})

test("an unknown name is refused in code and one warning from the environment, with what was meant", () => {
  expect(() => given({ instrumentation: { mongos: false } as Options["instrumentation"] })).toThrow(
    'unknown option "instrumentation.mongos"; did you mean "instrumentation.mongodb"?',
  )
  expect(given({}, { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "ioreds" }).warnings).toEqual([
    'OTEL_NODE_DISABLED_INSTRUMENTATIONS names "ioreds", which is not known; did you mean "ioredis"?',
  ])
  expect(given({}, { CLICKSTACK_INSTRUMENTATION_MONGOS: "false" }).warnings).toEqual([
    "CLICKSTACK_INSTRUMENTATION_MONGOS is not known; did you mean CLICKSTACK_INSTRUMENTATION_MONGODB?",
  ])
})
