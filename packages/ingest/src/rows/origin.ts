// What every signal says of its origin, the resource and the instrumentation scope, in the shape that OpenTelemetry
// 2.x and 3.x hand over, plus what OTLP carries beside it.
import type { Attributes } from "../columns/map.ts"
import { spell } from "../spell.ts"

export interface Resource {
  readonly attributes: Attributes
  readonly schemaUrl?: string | undefined
  readonly asyncAttributesPending?: boolean | undefined
  waitForAsyncAttributes?(): Promise<void>
}

export interface Scope {
  readonly name: string
  readonly version?: string | undefined
  readonly schemaUrl?: string | undefined
  readonly attributes?: Attributes | undefined
  readonly droppedAttributesCount?: number | undefined
}

export const serviceName = (resource: Resource): string => spell(resource.attributes["service.name"])

/**
 * The resource's attributes, and beside them the session of a span or log that has one: ClickStack's UI finds the
 * traces of a session by `rum.sessionId` in the resource.
 */
export function resourceAttributes(resource: Resource, attributes: Attributes): Attributes {
  const session = attributes["session.id"]
  if (typeof session !== "string" || session === "" || "rum.sessionId" in resource.attributes) {
    return resource.attributes
  }
  return withSession(resource.attributes, session)
}

// The same object for the same session, because the encoder copies the bytes of an object that repeats.
const bySession = new WeakMap<object, Map<string, Attributes>>()
const maxSessions = 1000

function withSession(attributes: Attributes, session: string): Attributes {
  let known = bySession.get(attributes)
  if (known === undefined || known.size >= maxSessions) bySession.set(attributes, (known = new Map()))
  let joined = known.get(session)
  if (joined === undefined) known.set(session, (joined = { ...attributes, "rum.sessionId": session }))
  return joined
}
