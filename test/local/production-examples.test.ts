// The configuration in examples/production, as far as it can be checked without what it configures.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createStatements, tables } from "@clickstack/ingest"
import { Session } from "chdb"
import { expect, test } from "vitest"
import { parseAllDocuments } from "yaml"

const directory = fileURLToPath(new URL("../../examples/production/", import.meta.url))
const files = readdirSync(directory)
const text = (name: string) => readFileSync(directory + name, "utf8")

function documents(name: string): any[] {
  const parsed = parseAllDocuments(text(name), { merge: true })
  expect(parsed.flatMap((document) => [...document.errors, ...document.warnings])).toEqual([])
  return parsed.map((document) => document.toJS() as unknown)
}

test.each(files.filter((name) => name.endsWith(".yaml")))("%s is YAML without errors", (name) => {
  expect(documents(name).length).toBeGreaterThan(0)
})

test.each(["collector-agent.yaml", "collector-gateway.yaml"])(
  "%s: pipelines name what is defined, and all of it",
  (name) => {
    const [config] = documents(name)
    const connectors = Object.keys(config.connectors ?? {})
    const known: Record<string, string[]> = {
      receivers: [...Object.keys(config.receivers), ...connectors],
      processors: Object.keys(config.processors),
      exporters: [...Object.keys(config.exporters), ...connectors],
    }
    const used = new Set<string>(config.service.extensions)
    for (const pipeline of Object.values<Record<string, string[]>>(config.service.pipelines)) {
      for (const [kind, names] of Object.entries(pipeline)) {
        for (const one of names) {
          expect(known[kind]).toContain(one)
          used.add(one)
        }
      }
    }
    expect(config.service.extensions.toSorted()).toEqual(Object.keys(config.extensions).toSorted())
    for (const one of Object.values(known).flat()) expect(used).toContain(one)
    for (const route of Object.values<any>(config.connectors ?? {})) {
      const targets = [...route.default_pipelines, ...route.table.flatMap((row: any) => row.pipelines)]
      for (const target of targets) expect(Object.keys(config.service.pipelines)).toContain(target)
    }
    const { protocols } = config.receivers.otlp
    expect(
      [protocols.http.endpoint, protocols.grpc.endpoint].map((one: string) => one.split(":")[1]),
    ).toEqual(["4318", "4317"])
    expect(config.extensions.health_check.endpoint).toMatch(/:13133$/)
  },
)

test("the agent listens on loopback, and both send and take the key without Bearer", () => {
  const [agent] = documents("collector-agent.yaml")
  for (const { endpoint } of Object.values<any>(agent.receivers.otlp.protocols))
    expect(endpoint).toMatch(/^127\.0\.0\.1:/)
  expect(agent.exporters.otlphttp.headers).toEqual({ authorization: "${env:CLICKSTACK_API_KEY}" })
  expect(documents("collector-gateway.yaml")[0].extensions.bearertokenauth.scheme).toBe("")
})

test("the gateway writes to ClickStack's tables, to every one of them", () => {
  const { exporters } = documents("collector-gateway.yaml")[0]
  const names: string[] = []
  for (const { logs_table_name, traces_table_name, metrics_tables } of Object.values<any>(exporters)) {
    const metrics = Object.values<{ name: string }>(metrics_tables).map(({ name }) => name)
    names.push(logs_table_name, traces_table_name, ...metrics)
  }
  expect(new Set(names)).toEqual(new Set(Object.keys(tables)))
  for (const exporter of Object.values<any>(exporters)) expect(exporter.create_schema).toBe(false)
})

test("manifests mount what they define, and load the agent's configuration", () => {
  for (const name of ["kubernetes-sidecar.yaml", "kubernetes-daemonset.yaml"]) {
    const { spec } = documents(name)[0].spec.template
    const volumes = spec.volumes.map((volume: any) => volume.name)
    const agent = [...(spec.initContainers ?? []), ...spec.containers].find(
      (one: any) => one.name === "agent",
    )
    expect(agent.volumeMounts.map((mount: any) => mount.name)).toEqual(volumes)
    expect(agent.args[0]).toBe("--config=/etc/otelcol/collector-agent.yaml")
    expect(agent.livenessProbe.httpGet.port).toBe(13133)
  }
})

test("the shippers send logs to OTLP over HTTP", () => {
  const fluentBit = documents("fluent-bit.yaml")[0].pipeline.outputs[0]
  expect([fluentBit.port, fluentBit.logs_uri]).toEqual([4318, "/v1/logs"])
  expect(documents("vector.yaml")[0].sinks.clickstack.uri).toBe("http://127.0.0.1:4318/v1/logs")
  expect(text("fluentd.conf")).toContain('endpoint "http://127.0.0.1:4318"')
  const tags = [...text("fluentd.conf").matchAll(/^ *<(\/?)(\w+)/gm)]
  const open: string[] = []
  for (const [, end, tag = ""] of tags) {
    if (end === "") open.push(tag)
    else expect(open.pop()).toBe(tag)
  }
  expect(open).toEqual([])
})

test("ClickHouse reads the cluster's configuration, and the tables are for that cluster", () => {
  const work = mkdtempSync(join(tmpdir(), "clickstack-cluster-"))
  const file = join(work, "config.xml")
  writeFileSync(file, text("clickhouse-cluster.xml"))
  const session = new Session(join(work, "data"), { connectionArgs: [`--config-file=${file}`] })
  try {
    const rows = session.query(
      "SELECT cluster, shard_num, replica_num, host_name, port FROM system.clusters WHERE cluster = 'clickstack' ORDER BY ALL",
      "TSV",
    )
    expect(rows).toBe(
      ["1\t1\tclickhouse-1-1", "1\t2\tclickhouse-1-2", "2\t1\tclickhouse-2-1", "2\t2\tclickhouse-2-2"]
        .map((row) => `clickstack\t${row}\t9000\n`)
        .join(""),
    )
    const macros = session.query("SELECT macro FROM system.macros ORDER BY macro", "TSV")
    expect(macros).toBe("cluster\nreplica\nshard\n")
  } finally {
    session.close()
    rmSync(work, { recursive: true, force: true })
  }
  for (const { sql } of createStatements({ cluster: "clickstack" }))
    expect(sql).toContain("ON CLUSTER 'clickstack'")
})
