// Whether toMatchTrace may write files. The one place of this package that reads the environment for it.
import type { UpdateMode } from "./match-trace.ts"

export function updateMode(
  env: NodeJS.ProcessEnv = process.env,
  args: readonly string[] = process.execArgv,
): UpdateMode {
  const { UPDATE_TRACES, CI } = env
  if (isOn(UPDATE_TRACES) || args.includes("--test-update-snapshots")) return "all"
  return isOn(CI) ? "none" : "new"
}

const isOn = (value: string | undefined) =>
  value !== undefined && value !== "" && value !== "0" && value !== "false"
