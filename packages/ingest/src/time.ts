// Times as OpenTelemetry has them: [seconds, nanoseconds] since 1970, which is exact where one number is not.

export type HrTime = [seconds: number, nanoseconds: number]

/** A time in a row: what OpenTelemetry hands over, a Date, or nanoseconds since 1970. */
export type Time = HrTime | Date | bigint

const epoch: HrTime = [0, 0]

// An Int64 of nanoseconds ends here, in 1677 and in 2262; what lies beyond is stored as the last second that fits.
const maxSeconds = 9_223_372_035

export function toHrTime(time: Time | undefined): HrTime {
  if (Array.isArray(time)) return clamp(time)
  if (typeof time === "bigint") return clamp(fromNanoseconds(time))
  return time instanceof Date ? clamp(fromMilliseconds(time.getTime())) : epoch
}

export function isTime(value: unknown): value is Time {
  if (typeof value === "bigint") return true
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return Array.isArray(value) && value.length === 2 && Number.isFinite(value[0]) && Number.isFinite(value[1])
}

/** `2026-11-20 09:30:00.123456789`, in UTC, as ClickHouse's text formats read it. */
export function timeText(time: Time | undefined): string {
  const [seconds, nanoseconds] = toHrTime(time)
  const text = new Date(seconds * 1000).toISOString()
  return `${text.slice(0, -5).replace("T", " ")}.${String(nanoseconds).padStart(9, "0")}`
}

/** The time's day in UTC, counted from 1970: ClickStack's tables are partitioned by day. */
export const dayOf = (time: HrTime): number => Math.floor(time[0] / 86_400)

function clamp(time: HrTime): HrTime {
  const [seconds, nanoseconds] = time
  if (isWithin(seconds, -maxSeconds, maxSeconds) && isWithin(nanoseconds, 0, 999_999_999)) return time
  if (!(Number.isFinite(seconds) && Number.isFinite(nanoseconds))) return epoch
  const whole = Math.floor(seconds)
  const rest = Math.floor(nanoseconds + (seconds - whole) * 1e9)
  const carried = whole + Math.floor(rest / 1e9)
  return [Math.min(Math.max(carried, -maxSeconds), maxSeconds), ((rest % 1e9) + 1e9) % 1e9]
}

const isWithin = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high

function fromNanoseconds(time: bigint): HrTime {
  const rest = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return [Number((time - rest) / 1_000_000_000n), Number(rest)]
}

function fromMilliseconds(time: number): HrTime {
  const seconds = Math.floor(time / 1000)
  return [seconds, Math.round((time - seconds * 1000) * 1e6)]
}
