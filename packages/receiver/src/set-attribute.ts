// How a received key becomes a property: as a plain one, also when it is called `__proto__`.

export function setAttribute(into: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    into[key] = value
  }
}
