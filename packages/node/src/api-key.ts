// The authorization header that the API key becomes, asked for anew before each request when it is a function.
import { ClickstackError } from "./clickstack-error.ts"
import type { Config } from "./config.ts"

export type Authorization = () => Promise<string | undefined> | string | undefined

export function authorizationFor({
  apiKey,
  apiKeyScheme,
}: Pick<Config, "apiKey" | "apiKeyScheme">): Authorization {
  const header = (key: string) => {
    // A key copied with its scheme would otherwise be sent as "Bearer Bearer ...".
    const bare = key.trim().replace(/^bearer\s+/i, "")
    return apiKeyScheme === "bearer" ? `Bearer ${bare}` : key.trim()
  }
  if (typeof apiKey === "function") return async () => header(await apiKey())
  const constant = apiKey === undefined ? undefined : header(apiKey)
  return () => constant
}

export async function keyOrError(authorization: Authorization): Promise<string | undefined> {
  try {
    return await authorization()
  } catch (cause) {
    // Its message may hold what it was called with, so it is not repeated.
    throw new ClickstackError("DELIVERY_FAILED", "the apiKey function failed", { cause, retryable: true })
  }
}
