// Every copy of @opentelemetry/api from 1.4 to 1.10, required and imported, alone and beside another, loaded before
// and after init(): its spans, context, baggage and logs reach us.
import { describe, expect, test } from "vitest"
import { runApp } from "./run-app.ts"

type Copy = readonly [how: "require" | "import", name: string]

const names = [
  "opentelemetry-api-1.4",
  "opentelemetry-api-1.6",
  "opentelemetry-api-1.8",
  "opentelemetry-api-1.9",
  "@opentelemetry/api", // 1.10
]
const alone: Copy[] = names.flatMap((name): Copy[] => [
  ["require", name],
  ["import", name],
])
// Before 1.10 an import gives the instance of require.
const instances: Copy[] = [...names.map((name): Copy => ["require", name]), ["import", "@opentelemetry/api"]]
const pairs = instances.flatMap((first) =>
  instances.filter((second) => second !== first).map((second): Copy[] => [first, second]),
)

const label = ([how, name]: Copy) => `${how} ${name}`
const hasLogs = ([, name]: Copy) => name === "@opentelemetry/api"

async function check(copies: Copy[], when: "before" | "after") {
  const { code, stdout, stderr } = await runApp("globals-app.mjs", [JSON.stringify({ copies, when })])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const labels = copies.map(label)
  const { spans, logs, seen } = JSON.parse(stdout)
  expect(spans.toReversed()).toEqual(
    labels.map((name, index) => ({
      name,
      scope: name,
      ...(index === 0 ? {} : { parent: labels[index - 1] }),
    })),
  )
  expect(seen).toEqual(
    labels.map((name) => ({
      label: name,
      isActive: true,
      baggage: "s1",
      injected: "session.id=s1",
      extracted: true,
    })),
  )
  const fromApi = copies
    .filter(hasLogs)
    .map((copy) => ({ body: `from ${label(copy)}`, scope: label(copy), span: label(copy) }))
  expect(logs).toHaveLength(fromApi.length + 1)
  expect(logs).toEqual(
    expect.arrayContaining([...fromApi, { body: "from api-logs", scope: "api-logs", span: labels[0] }]),
  )
}

describe.each(["before", "after"] as const)("loaded %s init()", (when) => {
  test.concurrent.each(alone.map((copy) => [label(copy), copy] as const))("%s alone", (_, copy) =>
    check([copy], when),
  )

  test.concurrent.each(pairs.map((pair) => [pair.map(label).join(" beside "), pair] as const))(
    "%s",
    (_, pair) => check(pair, when),
  )

  test("all together", () => check(instances, when))
})

test("what another SDK registered before stays with it, which is one line", async () => {
  const { code, stdout, stderr } = await runApp("taken-app.cjs")
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ mine: ["theirs"], logs: ["ours"], taken: ["trace"] })
  expect(stderr).toBe(
    "clickstack: another OpenTelemetry SDK registered trace before and keeps it; call init() first, or remove the other\n",
  )
})
