// Answers every HTTP request with the same JSON, as a cloud's service would to the one call that a test makes.
import { createServer } from "node:http"

export interface HttpJson extends AsyncDisposable {
  readonly url: string
  readonly requests: { headers: NodeJS.Dict<string | string[]>; body: string }[]
}

export async function startHttpJson(answer: unknown): Promise<HttpJson> {
  const requests: HttpJson["requests"] = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => (body += chunk))
    request.on("end", () => {
      requests.push({ headers: request.headers, body })
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
