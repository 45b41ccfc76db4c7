// Which hosts a list allows: `api.example.com`, `api.example.com:8443` for one port alone, `*.example.com` for what is
// below it, `*` for all.

export type HostList = (host: string) => boolean

const mostKnown = 1000

/** Answers are kept: an app talks to a few hosts, many times. */
export function hostList(patterns: readonly string[]): HostList {
  const exact = new Set<string>()
  const below: string[] = []
  for (const pattern of patterns) {
    const name = pattern.toLowerCase()
    if (name.startsWith("*.")) below.push(name.slice(1))
    else exact.add(name)
  }
  if (exact.has("*")) return () => true
  const known = new Map<string, boolean>()
  const decide = (host: string): boolean => {
    const name = hostname(host)
    return exact.has(name) || exact.has(host.toLowerCase()) || below.some((suffix) => name.endsWith(suffix))
  }
  return (host) => {
    let allowed = known.get(host)
    if (allowed === undefined) {
      allowed = decide(host)
      if (known.size >= mostKnown) known.clear()
      known.set(host, allowed)
    }
    return allowed
  }
}

export function isLoopback(host: string): boolean {
  const name = hostname(host)
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name)
}

/** Without port, brackets and the dot at the end. */
function hostname(host: string): string {
  let name = host.toLowerCase()
  if (name.startsWith("[")) name = name.slice(1, name.indexOf("]"))
  else if (name.indexOf(":") === name.lastIndexOf(":") && name.includes(":")) {
    name = name.slice(0, name.indexOf(":"))
  }
  return name.endsWith(".") ? name.slice(0, -1) : name
}
