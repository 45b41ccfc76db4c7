// What a step of the doctor found.

export interface Check {
  readonly name: string
  readonly status: "ok" | "warning" | "failed" | "skipped"
  /** What is so. */
  readonly message: string
  /** What to do about it. */
  readonly fix?: string
}

export const ok = (name: string, message: string): Check => ({ name, status: "ok", message })

export const warning = (name: string, message: string, fix: string): Check => ({
  name,
  status: "warning",
  message,
  fix,
})

export const failed = (name: string, message: string, fix: string): Check => ({
  name,
  status: "failed",
  message,
  fix,
})

export const skipped = (name: string, message: string): Check => ({ name, status: "skipped", message })
