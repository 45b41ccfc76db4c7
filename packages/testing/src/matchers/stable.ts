// Text without what changes from run to run: ids by the order in which they appear, times, ports, and numbers that the
// machine gives out.

type Replacement = readonly [RegExp, string | ((match: string, ...groups: string[]) => string)]

const always: readonly Replacement[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b((?:localhost|127\.0\.0\.1|\[::1\])):\d+/g, "$1:<port>"],
  [/(\S*\.port)=\d+/g, "$1=<port>"],
  [/\b(process\.pid|thread\.id|process\.parent_pid|service\.instance\.id)=\S+/g, "$1=<id>"],
  [/(exception\.stacktrace|exception\.parsed_stacktrace|code\.stacktrace)="(?:[^"\\]|\\.)*"/g, "$1=<stack>"],
  [
    /(exception\.stacktrace|exception\.parsed_stacktrace|code\.stacktrace)=(?!<)(?:(?! {2})\S| (?! ))+/g,
    "$1=<stack>",
  ],
]
const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
const hexId = /\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/g

export function stable(text: string, replace: readonly (readonly [RegExp, string])[] = []): string {
  let result = text
  for (const [pattern, by] of [...replace, ...always])
    result = result.replaceAll(global(pattern), by as string)
  const ids = new Map<string, number>()
  const number = (id: string) => {
    if (!ids.has(id)) ids.set(id, ids.size + 1)
    return `<id ${ids.get(id)}>`
  }
  return result.replaceAll(uuid, number).replaceAll(hexId, number)
}

const global = (pattern: RegExp) =>
  pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`)
