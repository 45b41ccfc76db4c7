// Sends what was recorded before the platform freezes the process, within the time that is left.
import { running } from "../running.ts"

export async function flushWithin(milliseconds: number): Promise<void> {
  const clickstack = running()
  if (clickstack === undefined || milliseconds <= 0) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([clickstack.flush(), late])
  clearTimeout(timer)
}
