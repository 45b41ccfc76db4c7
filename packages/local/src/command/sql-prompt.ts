// The prompt of `clickstack sql`: statements over one or several lines, each run when its semicolon ends a line.
import { createInterface } from "node:readline"

export interface SqlPrompt {
  readonly input: NodeJS.ReadableStream
  /** Where it prompts; undefined for input that comes from no keyboard. */
  readonly output: NodeJS.WritableStream | undefined
  /** Runs one statement, until the signal stops it, and shows its answer; false when it failed. */
  readonly run: (statement: string, signal: AbortSignal) => Promise<boolean>
  /** Ends it when it resolves. */
  readonly stopped: Promise<unknown>
}

const leaving = /^\s*(?:exit|quit|\\q)\s*;?\s*$/i

/** Resolves at the end of the input, to whether every statement went well. */
export async function promptForSql({ input, output, run, stopped }: SqlPrompt): Promise<boolean> {
  const lines = createInterface(output === undefined ? { input } : { input, output, terminal: true })
  let statement = ""
  let isGood = true
  let isClosed = false
  let running: AbortController | undefined
  lines.once("close", () => (isClosed = true))
  const ask = () => {
    // Closed, also while a statement ran, it would take the keyboard again and hold the process.
    if (output === undefined || isClosed) return
    lines.setPrompt(statement.trim() === "" ? "clickstack> " : "       ...> ")
    lines.prompt()
  }
  const runIt = async () => {
    const text = statement
    statement = ""
    if (text.replace(/[\s;]+/g, "") === "") return
    running = new AbortController()
    isGood = (await run(text, running.signal)) && isGood
    running = undefined
  }
  // Ctrl-C stops the statement that runs, lets go of one that was begun, and where there is none, it ends the prompt.
  lines.on("SIGINT", () => {
    if (running?.signal.aborted === false) return running.abort()
    if (statement === "" && lines.line === "") return lines.close()
    statement = ""
    output?.write("^C\n")
    lines.write(null, { ctrl: true, name: "u" })
    ask()
  })
  void stopped.then(() => {
    running?.abort()
    lines.close()
  })
  output?.write(
    'SQL over what is stored; SHOW TABLES lists it, a semicolon ends a statement, "exit" ends this\n',
  )
  ask()
  for await (const line of lines) {
    if (statement.trim() === "" && leaving.test(line)) break
    statement += `${line}\n`
    if (/;\s*$/.test(line)) await runIt()
    ask()
  }
  lines.close()
  // A script may leave out the last semicolon; a person who left has not ended the statement.
  if (output === undefined) await runIt()
  else output.write("\n")
  return isGood
}
