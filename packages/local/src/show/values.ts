// How single values are shown, in the terminal and on the page.

export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor(ms / 1000) % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A number of things, with their name in the right form. */
export const counted = (
  value: number,
  one: string,
  many: string = `${one}s`,
  spelled: string = String(value),
): string => `${spelled} ${value === 1 ? one : many}`

export function levelName(number: number, text: string): string {
  const names = ["trace", "debug", "info", "warn", "error", "fatal"]
  return names[Math.ceil(number / 4) - 1] ?? text
}

/** Milliseconds since 1970 of a time as the API spells it, with what it has beyond them. */
export const millisOf = (time: string): number =>
  Date.parse(`${time.slice(0, 23)}Z`) + Number(`0.${time.slice(23, 29) || "0"}`)
