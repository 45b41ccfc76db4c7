// The session that the app names itself, which counts more than what came with a request.
import { activeContext, debug, runIn } from "./current.ts"
import { enterScope, isSessionId, ownLocalTraceOf, scopeOf, type LocalTrace } from "./local-trace.ts"

/**
 * Runs `fn`; all its spans and logs are of that session, and so are its requests to the hosts that get baggage. In a
 * request whose session the app has not named yet, it is the request's session, too.
 */
export function withSession<T>(id: string, fn: () => T): T {
  const context = activeContext()
  if (context === undefined || !accepted(id)) return fn()
  const local = ownLocalTraceOf(context)
  if (local !== undefined && !local.explicit && isOfRequest(local)) name(local, id)
  return runIn(enterScope(context, { session: id }), fn)
}

/** Names the session of the active trace: of all its spans that are still open, and of what follows. */
export function setSession(id: string): void {
  const context = activeContext()
  if (context === undefined || !accepted(id)) return
  const scope = scopeOf(context)
  if (scope !== undefined) scope.session = id
  const local = ownLocalTraceOf(context)
  if (local !== undefined && (scope === undefined || isOfRequest(local))) name(local, id)
  if (scope === undefined && local === undefined) debug("setSession() was called outside of a trace")
}

function name(local: LocalTrace, id: string): void {
  local.session = id
  local.explicit = true
}

const server = 1 // SpanKind.SERVER

/** Of other traces, such as a batch of jobs, only a part may be of that session. */
const isOfRequest = ({ root }: LocalTrace) =>
  root === undefined || (root as { kind?: number }).kind === server

function accepted(id: unknown): boolean {
  if (isSessionId(id)) return true
  debug("a session id is 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : -; another one was ignored")
  return false
}
