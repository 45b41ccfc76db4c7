// Whether a rejection that nobody listens to leaves the process as it is: Node's --unhandled-rejections, whose last word
// counts, says "warn" or "none". Everywhere else a listener of ours would change what Node does.

export function rejectionsPass(arguments_: readonly string[], nodeOptions: string | undefined): boolean {
  const words = [...(nodeOptions?.split(/\s+/) ?? []), ...arguments_]
  let mode = ""
  for (const [index, word] of words.entries()) {
    const [, given] = /^--unhandled[-_]rejections(?:=(.*))?$/.exec(word) ?? []
    if (given !== undefined) mode = given
    else if (/^--unhandled[-_]rejections$/.test(word)) mode = words[index + 1] ?? ""
  }
  return mode === "warn" || mode === "none"
}
