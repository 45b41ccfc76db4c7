// Chance that repeats itself: the same seed gives the same day, with the same ids and the same numbers.

/** @param {number} seed */
export function createRandom(seed) {
  let state = seed

  /** A number from 0 up to 1 (the generator is mulberry32). */
  function next() {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const between = (/** @type {number} */ least, /** @type {number} */ most) => least + next() * (most - least)

  return {
    between,
    whole: (/** @type {number} */ least, /** @type {number} */ most) => Math.floor(between(least, most + 1)),
    chance: (/** @type {number} */ probability) => next() < probability,
    /** How long something takes: mostly near `typical`, now and then several times that. */
    duration: (/** @type {number} */ typical) => typical * (0.6 - 0.45 * Math.log(1 - next())),
    /** Lower-case hex digits, as ids are written. */
    hex: (/** @type {number} */ digits) =>
      Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join(""),
    /** @template T @param {readonly T[]} items */
    oneOf: (items) => /** @type {T} */ (items[Math.floor(next() * items.length)]),
    /** One of the items, each as likely as its weight says. @template {{ weight: number }} T @param {readonly T[]} items */
    weighted(items) {
      let rest = next() * items.reduce((sum, { weight }) => sum + weight, 0)
      return /** @type {T} */ (items.find(({ weight }) => (rest -= weight) < 0) ?? items.at(-1))
    },
  }
}

/** @typedef {ReturnType<typeof createRandom>} Random */
