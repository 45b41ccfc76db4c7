// What is shown stands in the address, behind its #: it can be bookmarked and passed on, and Back goes back.

export interface Place {
  readonly view: string
  /** What follows the view: the id of a trace, the name of a metric. */
  readonly part: string
  readonly search: URLSearchParams
}

export function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s)
  const [view = "", part = ""] = path.split("/")
  return { view: view || "services", part: decode(part), search: new URLSearchParams(query) }
}

type Search = URLSearchParams | Readonly<Record<string, string | undefined>>

export function linkTo(view: string, search: Search = {}, part?: string): string {
  const given = search instanceof URLSearchParams ? [...search] : Object.entries(search)
  const query = new URLSearchParams()
  for (const [name, value] of given) if (value !== undefined && value !== "") query.append(name, value)
  return `#/${view}${part === undefined ? "" : `/${encodeURIComponent(part)}`}${query.size > 0 ? `?${query.toString()}` : ""}`
}

/** The same parameters, with some of them set anew; undefined leaves one out. */
export function changed(
  search: URLSearchParams,
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
): URLSearchParams {
  const all = new URLSearchParams(search)
  for (const [name, value] of Object.entries(values)) {
    all.delete(name)
    for (const one of value === undefined ? [] : [value].flat()) if (one !== "") all.append(name, one)
  }
  return all
}

/** Only what says of when. */
export const rangeOf = (search: URLSearchParams): URLSearchParams =>
  new URLSearchParams([...search].filter(([name]) => name === "from" || name === "to"))

export const defaultRange = "1h"

/** Parameters for the API: those of the place that it knows, and since when. */
export function queryOf(search: URLSearchParams, ...leftOut: readonly string[]): URLSearchParams {
  const query = new URLSearchParams([...search].filter(([name]) => !leftOut.includes(name)))
  if (!query.has("from")) query.set("from", defaultRange)
  return query
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
