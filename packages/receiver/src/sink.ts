// Where received data goes: a function that is called once per request and answers when it has taken the data.
import type { Signal } from "./signals.ts"

/** What the receiver knows of a request beside its data. */
export interface RequestContext {
  readonly signal: Signal
  readonly protocol: "http" | "grpc"
  /** The request as sent, after decompression: with `contentType` it can be sent on unchanged. */
  readonly body: Uint8Array
  readonly contentType: "application/x-protobuf" | "application/json"
  /** Header fields or gRPC metadata in lower case, without `authorization` and `cookie`. */
  readonly headers: Readonly<Record<string, string>>
  readonly remoteAddress: string | undefined
}

/** Some of the data was refused for good; the sender is told, and does not send it again. */
export interface PartialSuccess {
  /** How many spans, log records or data points were refused. */
  readonly rejected: number
  readonly message: string
}

export type SinkResult = void | PartialSuccess | Promise<void | PartialSuccess>

/**
 * Takes the data of one request. The sender is told of success when the sink has returned, or its promise has
 * resolved; when it throws, the sender is told to try again, or, for an error with `retryable: false`, not to.
 * `raw` is called with the bytes alone: nothing is decoded, and nothing is checked.
 */
export type Sink<T> =
  | ((data: T[], context: RequestContext) => SinkResult)
  | { raw: (context: RequestContext) => SinkResult }
