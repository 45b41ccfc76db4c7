// Reads addresses, builds those of the signals, and shows them without what is secret in them.

export function tryParseUrl(value: string): URL | undefined {
  try {
    const url = new URL(value)
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined
  } catch {
    return undefined
  }
}

/** Appends a path such as "v1/traces" to a base address, whatever slashes it ends in; its query stays. */
export function appendPath(base: string, path: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`
  return url.href
}

/** The address as it may be printed: no user, no password, no values in the query. */
export function printableUrl(address: string): string {
  try {
    const url = new URL(address)
    if (url.username !== "" || url.password !== "") {
      url.username = "***"
      url.password = ""
    }
    for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, "***")
    url.hash = ""
    return url.href
  } catch {
    return address.includes("@") ? "***" : address
  }
}
