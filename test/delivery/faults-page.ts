// Makes FAULTS.md of @clickstack/node from the faults as they are declared and the figures of their runs.
import type { Kind } from "./destination.ts"
import { type Fault, keyOf, readFigures } from "./fault.ts"
import type { Tally } from "./world.ts"

const introduction = `# What happens when things go wrong

<!-- Made from test/delivery: FAULTS=write pnpm test test/delivery/faults runs the faults and writes their figures, and
FAULTS=write pnpm test faults-page this page. -->

Each line is a test that runs real processes against real servers, behind a network that fails as described, and the
figures are those of its run. In every case _produced + adopted = delivered + dropped + spooled + waiting_, which
\`clickstack.stats()\` tells, with the reason of each drop; the tests count the ids that arrived as well. "On disk" is
sent by this process or the next. Where no figures stand, they differ from run to run; the sums agree all the same.
`

const groups: readonly [title: string, letter: string][] = [
  ["Delivery", "D"],
  ["The end of the process", "L"],
  ["Bad input", "B"],
]

const closing = `Headers that are broken, hostile or huge (B3): what breaks the rules of traceparent, tracestate and baggage is dropped
and never sent on; what is read and sent is bounded (unit tests in \`packages/node/src/context\`).

## What is kept where

A destination has a private directory (0700, files 0600) for each service, endpoint and signal, under
\`$XDG_STATE_HOME/clickstack/spool\` (\`~/.local/state\`; \`~/Library/Application Support\` on macOS; \`%LOCALAPPDATA%\` on
Windows). Its name is a hash; no key and no header is stored. What was kept for one endpoint is never sent to another: an
exporter of your own that does not say where it sends to gets a spool only when you do, with \`endpoint\` beside
\`spans\`, \`logs\` and \`metrics\`, or as an option of \`durable()\`.
`

export function faultsPage(faults: readonly Fault[]): string {
  const sections = groups.map(([title, letter]) => {
    const rows = faults.filter(({ id }) => id.startsWith(letter)).map(row)
    const head = "| | what goes wrong | what happens | shown with |\n| --- | --- | --- | --- |"
    return `## ${title}\n\n${head}\n${rows.join("\n")}\n`
  })
  return [introduction, ...sections, closing].join("\n")
}

function row(fault: Fault): string {
  const cells = [fault.id, fault.when, fault.happens, shown(fault)]
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
}

/** The destinations, those with the same figures together. */
function shown(fault: Fault): string {
  const byFigures = new Map<string, Kind[]>()
  for (const kind of fault.on) {
    const figures = told(readFigures(kind)[keyOf(fault)])
    byFigures.set(figures, [...(byFigures.get(figures) ?? []), kind])
  }
  return [...byFigures].map(([figures, kinds]) => `${kinds.map(named).join(", ")}${figures}`).join("<br>")
}

const named = (kind: Kind) => (kind === "clickhouse" ? "ClickHouse" : kind === "grpc" ? "gRPC" : kind)
const number = (value: number) => value.toLocaleString("en")

function told(tally: Tally | undefined): string {
  if (tally === undefined) return ""
  const parts = [`${number(tally.recorded)} recorded`, `${number(tally.delivered)} delivered`]
  for (const [reason, count] of Object.entries(tally.dropped)) parts.push(`${number(count)} \`${reason}\``)
  if (tally.spooled > 0) parts.push(`${number(tally.spooled)} on disk`)
  return `: ${parts.join(", ")}`
}
