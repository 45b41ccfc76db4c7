// What pino and bunyan put into every line about the process, and the resource says already.
let hostname: string | undefined

export const isOfProcess = (key: string, value: unknown): boolean =>
  (key === "pid" && value === process.pid) ||
  (key === "hostname" && value === (hostname ??= process.getBuiltinModule("node:os").hostname()))
