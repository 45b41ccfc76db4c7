// Lets the commands in a directory find a ClickStack that keeps its data elsewhere: by the same note and the same socket
// as one that keeps it there. It stores without them, too, so what stands in the way is told, and nothing fails.
import { type DataDirectory, type Holder, findHolder, openDataDirectory } from "./data-directory.ts"
import { type Run, startSqlSocket } from "./sql-socket.ts"

export async function beFound(
  path: string,
  holder: Omit<Holder, "socket">,
  run: Run,
  warn: (message: string) => void,
): Promise<{ close(): Promise<void> }> {
  let directory: DataDirectory | undefined
  let socket: { close(): Promise<void> } | undefined
  const close = async () => {
    await socket?.close()
    directory?.release()
  }
  try {
    directory = openDataDirectory(path)
    // No lock of ClickHouse keeps two of these apart, only this look; so the note follows at once.
    const other = await findHolder(path)
    if (other !== undefined) {
      directory.release()
      warn(
        `"clickstack sql" in ${path} asks the clickstack with process id ${other.pid}, which listens on ` +
          `${other.otlp.http}, and not this one: give this one another directory (--dir)`,
      )
      return { close: async () => {} }
    }
    socket = await startSqlSocket(directory.socket, run)
    directory.announce(holder)
  } catch (error) {
    await close()
    const { cause, message } = error as Error
    warn(
      `"clickstack sql" cannot ask this one: ${cause instanceof Error ? cause.message : message}; ` +
        "to have it, give a directory that can be written to (--dir)",
    )
    return { close: async () => {} }
  }
  return { close }
}
