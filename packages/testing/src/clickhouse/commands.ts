// What the parent can tell the child, and how the two write it on their channel.
import type { User } from "./credentials.ts"
import type { Fault } from "./faults.ts"
import type { RecordedRequest } from "./request-log.ts"

export interface Commands {
  start(options: StartOptions): Promise<Started>
  arm(id: number, fault: Fault): void
  /** One fault, or all of them. */
  clear(id?: number): void
  hits(id: number): number
  refuse(): Promise<void>
  accept(): Promise<void>
  requests(): readonly RecordedRequest[]
  forget(): void
}

export interface StartOptions {
  /** Undefined: a temporary directory, removed at the end. */
  readonly directory: string | undefined
  readonly port: number
  readonly database: string
  readonly users: readonly User[]
}

export interface Started {
  readonly port: number
  readonly version: string
  readonly directory: string
}

export interface Call {
  readonly id: number
  readonly name: keyof Commands
  readonly args: readonly unknown[]
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly code: string; readonly message: string } }
