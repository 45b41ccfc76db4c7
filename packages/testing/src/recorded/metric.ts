// A metric as a test reads it: its newest values, one for each set of attributes.
import type { Attributes } from "../conventions/attributes.ts"
import { type Scope, scopeOf, serviceOf, type SpanLike } from "./span.ts"

export interface RecordedPoint {
  readonly attributes: Attributes
  /** A number, or what a histogram or summary has: `count`, `sum`, `min`, `max`, ... */
  readonly value: unknown
}

export interface RecordedMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: "histogram" | "exponential histogram" | "gauge" | "sum" | "summary"
  readonly points: readonly RecordedPoint[]
  readonly service: string
  readonly resource: Attributes
  readonly scope: Scope
}

/** What is read of OpenTelemetry's metrics, whatever their version. */
export interface MetricsLike {
  readonly resource: { readonly attributes: object }
  readonly scopeMetrics: readonly {
    readonly scope: NonNullable<SpanLike["instrumentationScope"]>
    readonly metrics: readonly {
      readonly descriptor: { readonly name: string; readonly description?: string; readonly unit?: string }
      readonly dataPointType: number
      readonly dataPoints: readonly { readonly attributes: object; readonly value: unknown }[]
    }[]
  }[]
}

const types = ["histogram", "exponential histogram", "gauge", "sum", "summary"] as const

export function readMetrics({ resource, scopeMetrics }: MetricsLike): RecordedMetric[] {
  return scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map(({ descriptor, dataPointType, dataPoints }) => ({
      name: descriptor.name,
      description: descriptor.description ?? "",
      unit: descriptor.unit ?? "",
      type: types[dataPointType] ?? "gauge",
      points: dataPoints.map((point) => ({ attributes: { ...point.attributes }, value: point.value })),
      service: serviceOf(resource),
      resource: { ...resource.attributes },
      scope: scopeOf(scope),
    })),
  )
}
