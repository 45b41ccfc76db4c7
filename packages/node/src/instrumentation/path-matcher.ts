// Lists of paths and routes, as options name them.

/** Whether a URL's path is one of `paths`, of which a `*` at the end stands for any rest. */
export function pathMatcher(paths: readonly string[]): (url: string) => boolean {
  if (paths.length === 0) return () => false
  const exact = new Set(paths.filter((path) => !path.endsWith("*")))
  const starts = paths.filter((path) => path.endsWith("*")).map((path) => path.slice(0, -1))
  return (url) => {
    const end = url.search(/[?#]/)
    const path = end === -1 ? url : url.slice(0, end)
    return exact.has(path) || starts.some((start) => path.startsWith(start))
  }
}
