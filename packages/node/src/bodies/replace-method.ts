// Puts a method in the place of another, of the same name and length, once: the app may hold several copies of this package.

const replacedKey = Symbol.for("@clickstack/node sees bodies")

type Replacement = (this: never, ...args: never[]) => unknown

/** @param make Gets the original, which may be that of a parent class. */
export function replaceMethod(
  prototype: object,
  name: string,
  make: (original: { call(self: object, ...args: unknown[]): unknown }) => Replacement,
): void {
  const original = (prototype as Record<string, unknown>)[name]
  if (typeof original !== "function" || Object.hasOwn(original, replacedKey)) return
  const made = make(original)
  Object.defineProperties(made, {
    name: { value: name, configurable: true },
    length: { value: original.length, configurable: true },
    [replacedKey]: { value: true },
  })
  // As Node's own are, so that a loop over the names of an object shows the same.
  ;(prototype as Record<string, unknown>)[name] = made
}
