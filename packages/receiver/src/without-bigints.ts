// Replaces bigints, in place, by the nearest numbers: for exporters that hold to OpenTelemetry's types, which say
// `number`. The data is ours alone, fresh from the decoder, and made of plain objects and arrays.

export function withoutBigints<T>(data: T): T {
  replaceIn(data, new Set())
  return data
}

/** `seen` holds what many items share: their resource and scope. */
function replaceIn(holder: unknown, seen: Set<unknown>): void {
  if (Array.isArray(holder)) {
    for (let i = 0; i < holder.length; i++) {
      const value: unknown = holder[i]
      if (typeof value === "bigint") holder[i] = Number(value)
      else if (typeof value === "object" && value !== null) replaceIn(value, seen)
    }
    return
  }
  if (holder instanceof Uint8Array) return
  const fields = holder as Record<string, unknown>
  for (const key in fields) {
    const value = fields[key]
    if (typeof value === "bigint") {
      fields[key] = Number(value)
    } else if (typeof value === "object" && value !== null) {
      if (key === "resource" || key === "instrumentationScope") {
        if (seen.has(value)) continue
        seen.add(value)
      }
      replaceIn(value, seen)
    }
  }
}
