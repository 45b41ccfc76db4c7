// What a function found of each text, as long as the texts are few and short: keys of attributes are, and what apps ask a
// database, unless somebody makes them of data.
interface Bounds {
  readonly most?: number
  /** Characters of a text whose answer is kept. */
  readonly longest?: number
}

export function remembered<T>(
  find: (text: string) => T,
  { most = 2000, longest = 256 }: Bounds = {},
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    if (text.length > longest) return find(text)
    const kept = known.get(text)
    if (kept !== undefined || known.has(text)) return kept as T
    const found = find(text)
    if (known.size >= most) known.clear()
    known.set(text, found)
    return found
  }
}
