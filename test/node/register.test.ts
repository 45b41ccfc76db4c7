// What preloads by `register` do beside the app: one start, whatever threads Node makes of its own.
import { expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { runApp } from "./run-app.ts"

test.each(["--import", "--require"])("a start by %s tells a warning once", async (flag) => {
  for (const version of ["20.19.0", "24"]) {
    const { stderr } = await runApp("-e", ["1"], {
      nodeOptions: [flag, "@clickstack/node/register"],
      node: await nodeBinary(version),
      env: { CLICKSTACK_TIMEOUT: "soon", CLICKSTACK_METRICS_EXPORTER: "none", CLICKSTACK_SPOOL: "false" },
    })
    expect(stderr.match(/CLICKSTACK_TIMEOUT='soon' is ignored/g)).toHaveLength(1)
  }
})
