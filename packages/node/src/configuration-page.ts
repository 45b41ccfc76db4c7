// Writes CONFIGURATION.md from the table of settings: `node packages/node/dist/configuration-page.js` after a build.
import { realpathSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { kubernetesVariables } from "./config.ts"
import type { Setting } from "./setting.ts"
import { settings } from "./settings.ts"

const introduction = `# Configuration

<!-- Made from src/settings.ts by \`node packages/node/dist/configuration-page.js\`: change it there. -->

Each setting is an option of \`init()\` and, where it is not for code alone, environment variables. The first source that
has a value wins: options in code, then \`CLICKSTACK_*\`, then \`OTEL_*\`, then the names of existing ClickStack
deployments (\`HYPERDX_*\`), then the default. Within one kind of source, what is said for one signal wins over what is
said for all of them. Headers and resource attributes of all sources are put together.

An unknown or wrong option makes \`init()\` throw an error that names it. A wrong variable is one line on stderr and
counts as not set, as does an empty one. \`init().describe()\` tells each value in effect and its source, with secrets
masked.

An \`endpoint\` gets \`/v1/traces\`, \`/v1/logs\`, \`/v1/metrics\` appended, with or without a slash at its end. The endpoint
of one signal is used exactly as it is. With gRPC only scheme, host and port count.
`

const groups: [title: string, belongs: (path: string) => boolean][] = [
  ["General", (path) => !path.includes(".")],
  ["Traces", (path) => path.startsWith("traces.")],
  ["Logs", (path) => path.startsWith("logs.")],
  ["Metrics", (path) => path.startsWith("metrics.")],
  ["Sampling", (path) => path.startsWith("sampling.")],
  ["Capture", (path) => path.startsWith("capture.")],
  ["Redaction", (path) => path.startsWith("redact.")],
  ["Instrumentation", (path) => path.startsWith("instrumentation.")],
  ["Limits", (path) => path.startsWith("limits.")],
]

export function configurationPage(): string {
  const sections = groups.map(([title, belongs]) => {
    const rows = settings.filter(({ path }) => belongs(path)).map(row)
    return `## ${title}\n\n| option | variables | takes | default | |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`
  })
  const kubernetes = Object.entries(kubernetesVariables).map(
    ([attribute, variables]) => `| \`${attribute}\` | ${variables.map(code).join(", ")} |`,
  )
  return [
    introduction,
    ...sections,
    `## Kubernetes\n\nInside Kubernetes these variables, as the downward API fills them, become resource attributes.\n\n| attribute | variables |\n| --- | --- |\n${kubernetes.join("\n")}\n`,
  ].join("\n")
}

function row({ path, variables, kind, fallback, fallbackText, about }: Setting): string {
  const standard =
    fallbackText ??
    (isEmpty(fallback) ? "none" : code(Array.isArray(fallback) ? fallback.join(",") : String(fallback)))
  const cells = [code(path), variables.map(code).join(", ") || "code only", kind.expected, standard, about]
  return `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`
}

const isEmpty = (value: unknown) =>
  value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0)
const code = (value: string) => `\`${value}\``

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../CONFIGURATION.md", import.meta.url), configurationPage())
}
