// What a function found of each text, as long as the texts are few and short: keys of attributes are, unless somebody
// makes them of data.
const mostKept = 2000
const longestKept = 256

export function remembered<T>(find: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    let found = known.get(text)
    if (found !== undefined) return found
    found = find(text)
    if (text.length > longestKept) return found
    if (known.size >= mostKept) known.clear()
    known.set(text, found)
    return found
  }
}
