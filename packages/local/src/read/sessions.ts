// Browser sessions: those that were recorded, and what one of them recorded.
import { type Ask, type TimeRange, limitOf, rangeConditions } from "./filter.ts"
import { isoText } from "./iso-time.ts"

export interface SessionSummary {
  id: string
  service: string
  start: string
  end: string
  /** Recorded events, of which long ones take several chunks. */
  events: number
}

export interface RecordedEvent {
  time: string
  /** Its number within the session's recording. */
  number: number
  /** The recorder's own JSON, put together from its chunks. */
  json: string
  /** False when a chunk of it never arrived. */
  complete: boolean
}

const id = "ResourceAttributes['rum.sessionId']"

export async function readSessions(
  ask: Ask,
  query: TimeRange & { limit?: number | undefined } = {},
): Promise<SessionSummary[]> {
  const limit = limitOf(query.limit, 50, 500)
  const { where, params } = rangeConditions({ from: query.from ?? "7d", to: query.to }, "Timestamp")
  const rows = await ask<SessionSummary>(
    `SELECT ${id} AS id, any(ServiceName) AS service, ${isoText("min(Timestamp)")} AS start,
       ${isoText("max(Timestamp)")} AS end, toUInt32(uniqExact(LogAttributes['rr-web.event'])) AS events
     FROM hyperdx_sessions WHERE ${where} AND ${id} != '' GROUP BY id ORDER BY max(Timestamp) DESC LIMIT ${limit}`,
    params,
  )
  return rows
}

interface Chunk {
  time: string
  event: number
  chunk: number
  chunks: number
  body: string
}

/** What a session recorded, in order; at most so many chunks at once. */
export async function readSession(ask: Ask, session: string, limit?: number): Promise<RecordedEvent[]> {
  const rows = await ask<Chunk>(
    `SELECT ${isoText("Timestamp")} AS time, toUInt32OrZero(LogAttributes['rr-web.event']) AS event,
       toUInt32OrZero(LogAttributes['rr-web.chunk']) AS chunk,
       toUInt32OrZero(LogAttributes['rr-web.total-chunks']) AS chunks, Body AS body
     FROM hyperdx_sessions WHERE ${id} = {session:String}
     ORDER BY Timestamp, event, chunk LIMIT ${limitOf(limit, 10_000, 100_000)}`,
    { session },
  )
  return joinChunks(rows)
}

/** Chunks in the order of their times; a page that is loaded anew may count its events from the start again. */
function joinChunks(rows: readonly Chunk[]): RecordedEvent[] {
  const events: { first: Chunk; bodies: Map<number, string> }[] = []
  const open = new Map<number, (typeof events)[number]>()
  for (const row of rows) {
    let event = open.get(row.event)
    const known = event?.bodies.get(row.chunk)
    // The same chunk twice is a repeated delivery; another one in its place begins another event.
    if (known === row.body) continue
    if (event === undefined || known !== undefined) {
      event = { first: row, bodies: new Map() }
      events.push(event)
      open.set(row.event, event)
    }
    event.bodies.set(row.chunk, row.body)
  }
  return events.map(({ first, bodies }) => ({
    time: first.time,
    number: first.event,
    json: [...bodies]
      .sort(([one], [other]) => one - other)
      .map(([, body]) => body)
      .join(""),
    complete: bodies.size >= Math.max(1, first.chunks),
  }))
}
