// The three signals, by the names that OTLP gives them.

export const signals = ["traces", "logs", "metrics"] as const
export type Signal = (typeof signals)[number]
/** What a destination calls them. */
export const members = { traces: "spans", logs: "logs", metrics: "metrics" } as const
