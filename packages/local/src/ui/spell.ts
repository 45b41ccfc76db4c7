// Numbers and times for people to read, in their own time zone.
import { clockOf, dayOf } from "../show/local-time.ts"
import { counted } from "../show/values.ts"

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 })

export const spellCount = (value: number): string => count.format(value)

/** 12.3K and the like, for axes and charts. */
export const spellShort = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : short.format(value)

export const plural = (value: number, one: string, many?: string): string =>
  counted(value, one, many, spellCount(value))

/** A moment on an axis that is so many milliseconds long. */
export function spellMoment(ms: number, span: number): string {
  const date = new Date(ms)
  if (span > 36 * 3_600_000) return `${dayOf(date).slice(5)} ${clockOf(date).slice(0, 5)}`
  return span > 10 * 60_000 ? clockOf(date).slice(0, 5) : clockOf(date)
}

const ranges: Readonly<Record<string, string>> = { m: "minute", h: "hour", d: "day" }

/** "15m" as "15 minutes" and "1h" as "hour", to stand behind "last"; other moments as they are. */
export function spellRange(from: string): string {
  const [, number, unit = ""] = /^(\d+)([mhd])$/.exec(from) ?? []
  const name = ranges[unit] ?? unit
  return number === undefined ? from : number === "1" ? name : plural(Number(number), name)
}
