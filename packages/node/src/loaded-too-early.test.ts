import { expect, test } from "vitest"
import { loadedTooEarly } from "./loaded-too-early.ts"

test("names each library once, the innermost package of a path alone", () => {
  expect(
    loadedTooEarly([
      "/app/node_modules/pg/lib/index.js",
      "/app/node_modules/pg/lib/client.js",
      "/app/node_modules/express/node_modules/debug/src/index.js",
      "/app/node_modules/.pnpm/@hapi+hapi@21.4.0/node_modules/@hapi/hapi/lib/index.js",
      "C:\\app\\node_modules\\@nestjs\\core\\index.js",
      "/app/src/koa/index.js",
    ]),
  ).toEqual(["@hapi/hapi", "@nestjs/core", "pg"])
})
