// What the documentation shows as code: fenced blocks, with their language.
export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** For messages. */
  readonly line: number
  /** The block that follows, where it is text: what the code prints. */
  readonly output: string | undefined
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const found = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  return found.map((match, index) => {
    const [all, language = "", code = ""] = match
    const next = found[index + 1]
    const between = next && markdown.slice(match.index + all.length, next.index)
    return {
      language,
      code,
      line: markdown.slice(0, match.index).split("\n").length,
      output: next?.[1] === "text" && between?.trim() === "" ? next[2] : undefined,
    }
  })
}

/** The names in code in the first cell of each row of the table under a heading. */
export function firstColumn(markdown: string, heading: string): string[] {
  const section = markdown.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ""
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name)
}

/** How links name the headings of a page: in lower case, without punctuation, with hyphens for spaces. */
export function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/\s/g, "-"),
  )
}
