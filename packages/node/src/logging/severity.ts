// OpenTelemetry's severity numbers for the levels of loggers, by name where the name says it, else by the number that
// pino and bunyan count with: 10 for trace, 20, 30, 40, 50, 60 for fatal.
export const severities = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const

const byName = new Map<string, number>([
  ...Object.entries(severities),
  // winston's
  ["silly", 1],
  ["verbose", 6],
  ["http", 7],
  ["input", 2],
  ["prompt", 4],
  ["data", 10],
  ["help", 11],
  // syslog's, by the mapping in OpenTelemetry's data model, but that those above error are fatal
  ["notice", 10],
  ["warning", 13],
  ["err", 17],
  ["crit", 21],
  ["critical", 21],
  ["alert", 22],
  ["emerg", 23],
  ["emergency", 23],
  ["panic", 23],
])

/** A level of the app's own, in between, is the nearest below it: 35 is 11, above info and below warn. */
export function severityOf(name: string | undefined, number?: number): number {
  const known = name === undefined ? undefined : byName.get(name.toLowerCase())
  if (known !== undefined) return known
  if (number === undefined || !(number > 0 && number < 100)) return severities.info
  const steps = Math.floor(number / 2.5) - 3 // 10 is 1, 12.5 is 2
  return Math.min(24, Math.max(1, steps))
}
