// The same trouble is told once a minute, not once a request.

const minuteMs = 60_000
// Texts that hold a number or a name can differ without end.
const mostKinds = 20

export function oncePerMinute(
  tell: (message: string) => void,
  now: () => number = () => performance.now(),
): (message: string) => void {
  const told = new Map<string, number>()
  return (message) => {
    const kind = message.replace(/\d+/g, "#")
    for (const [known, at] of told) if (now() - at >= minuteMs) told.delete(known)
    if (told.has(kind) || told.size >= mostKinds) return
    told.set(kind, now())
    tell(message)
  }
}
