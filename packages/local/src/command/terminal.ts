// Where a command writes and what it reads of its surroundings: given to it, so that tests can look.
export interface Terminal {
  out(text: string): void
  error(text: string): void
  readonly colours: boolean
  readonly columns: number
  readonly env: Readonly<Record<string, string | undefined>>
}

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process
  // A reader that left, such as `head`, is no error of ours.
  stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
  return {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    colours: stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    columns: stdout.columns || 120,
    env,
  }
}

export interface Paint {
  dim(text: string): string
  bold(text: string): string
  red(text: string): string
  yellow(text: string): string
  green(text: string): string
  cyan(text: string): string
}

export function createPaint(colours: boolean): Paint {
  const paint = (start: number, end: number) => (text: string) =>
    colours ? `\u001b[${start}m${text}\u001b[${end}m` : text
  return {
    dim: paint(2, 22),
    bold: paint(1, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    green: paint(32, 39),
    cyan: paint(36, 39),
  }
}
