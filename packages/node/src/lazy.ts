// A value that is made when it is first needed.

export function lazy<T>(make: () => T): { get: () => T; made: () => T | undefined } {
  let value: T | undefined
  let done = false
  return {
    get: () => {
      if (!done) {
        value = make()
        done = true
      }
      return value as T
    },
    made: () => value,
  }
}
