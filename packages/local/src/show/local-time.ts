// Times of the API for people, in their own time zone.

const two = (value: number) => String(value).padStart(2, "0")

export const dayOf = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`

export const clockOf = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

const dateOf = (time: string): Date => new Date(time.slice(0, 23).replace(/Z?$/, "Z"))

/** The clock with milliseconds. */
export const spellClock = (time: string): string =>
  `${clockOf(dateOf(time))}.${time.slice(20, 23).replace("Z", "").padEnd(3, "0")}`

/** The same, and the day before it. */
export const spellDayAndClock = (time: string): string => `${dayOf(dateOf(time))} ${spellClock(time)}`

/** The day only where it is not today. */
export const spellTime = (time: string): string =>
  dayOf(dateOf(time)) === dayOf(new Date()) ? spellClock(time) : spellDayAndClock(time)
