// The W3C trace state as it was sent: handed on letter for letter, taken apart only when somebody asks for a key.
import type { TraceState } from "@opentelemetry/api"

export class ReceivedTraceState implements TraceState {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  serialize(): string {
    return this.#text
  }

  get(key: string): string | undefined {
    return this.#members().find(([name]) => name === key)?.[1]
  }

  set(key: string, value: string): TraceState {
    // A changed member moves to the front, as W3C asks.
    return fromMembers([[key, value], ...this.#members().filter(([name]) => name !== key)])
  }

  unset(key: string): TraceState {
    return fromMembers(this.#members().filter(([name]) => name !== key))
  }

  #members(): [string, string][] {
    return this.#text.split(",").flatMap((member): [string, string][] => {
      const equals = member.indexOf("=")
      return equals < 0 ? [] : [[member.slice(0, equals).trim(), member.slice(equals + 1).trim()]]
    })
  }
}

function fromMembers(members: [string, string][]): TraceState {
  return new ReceivedTraceState(members.map(([key, value]) => `${key}=${value}`).join(","))
}
