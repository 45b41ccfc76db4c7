// Times as the API spells them: ISO 8601 in UTC with nine digits, so that text order is time order.

/** A DateTime or DateTime64 of ClickHouse's as such a text. */
export const isoText = (column: string): string =>
  `concat(replaceOne(toString(toTimeZone(${column}, 'UTC')), ' ', 'T'), 'Z')`

export function isoOfHrTime([seconds, nanos]: readonly [number, number]): string {
  const date = new Date(seconds * 1000)
  const whole = Number.isNaN(date.getTime()) ? "1970-01-01T00:00:00" : date.toISOString().slice(0, -5)
  return `${whole}.${String(nanos).padStart(9, "0")}Z`
}

/** Nanoseconds since 1970 as a time that `nanosOf` reads back exactly. */
export function isoOfNanos(nanos: bigint): string {
  const fraction = ((nanos % second) + second) % second // before 1970, too
  const whole = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().slice(0, -5)
  return `${whole}.${String(fraction).padStart(9, "0")}Z`
}

const second = 1_000_000_000n
