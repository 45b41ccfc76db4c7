// The texts of scripts and of source maps, kept as long as they all fit: an error that comes again reads nothing.
import { fs } from "../builtins.ts"

export const largestFile: number = 50 * 1024 * 1024
const mostKept = 32 * 1024 * 1024 // characters

export interface TextFiles {
  /** undefined for what is no file, cannot be read, or is too large. */
  readonly read: (file: string) => string | undefined
}

export function createTextFiles(): TextFiles {
  const kept = new Map<string, string | undefined>()
  let characters = 0

  function keep(file: string, text: string | undefined): void {
    kept.set(file, text)
    characters += (text?.length ?? 0) + 1000
    for (const [oldest, { length } = ""] of kept) {
      if (characters <= mostKept) break
      kept.delete(oldest)
      characters -= length + 1000
    }
  }

  return {
    read: (file) => {
      if (kept.has(file)) return kept.get(file)
      const text = readFile(file)
      keep(file, text)
      return text
    },
  }
}

function readFile(file: string): string | undefined {
  try {
    const stat = fs.statSync(file, { bigint: true })
    return stat.isFile() && stat.size <= BigInt(largestFile) ? fs.readFileSync(file, "utf8") : undefined
  } catch {
    return undefined
  }
}
