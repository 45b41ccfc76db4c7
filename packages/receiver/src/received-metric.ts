// A metric under construction, for both decoders: its points arrive before or after its name, and only the end
// shows whether they are integers.
import type { Attributes, HrTime, ValueType } from "@opentelemetry/api"
import type { MetricDescriptor } from "@opentelemetry/sdk-metrics"
import {
  type Exemplar,
  type ReceivedDataPoint,
  type ReceivedMetricData,
  SUMMARY,
  UNSPECIFIED,
} from "./currency.ts"

// The numbers of OpenTelemetry's enums, whose packages are thereby not loaded at run time.
export const HISTOGRAM = 0
export const EXPONENTIAL_HISTOGRAM = 1
export const GAUGE = 2
export const SUM = 3
const CUMULATIVE = 1
const INT: ValueType.INT = 0
const DOUBLE: ValueType.DOUBLE = 1

export type PointType =
  | typeof HISTOGRAM
  | typeof EXPONENTIAL_HISTOGRAM
  | typeof GAUGE
  | typeof SUM
  | typeof SUMMARY

export class MetricBuilder {
  name = ""
  description = ""
  unit = ""
  metadata: Attributes | undefined = undefined
  // A metric without data has no points; as a gauge it is harmless to every exporter.
  #type: PointType = GAUGE
  #points: ReceivedDataPoint<unknown>[] = []
  #integers = false
  temporality: number = UNSPECIFIED
  isMonotonic = false

  /** OTLP allows one kind of data per metric; of several the last one counts. */
  begin(type: PointType): void {
    if (this.#type === type) return
    this.#type = type
    this.#points = []
    this.#integers = false
  }

  add(point: ReceivedDataPoint<unknown>, isInteger = false): void {
    // With one double among them all are doubles, which holds every integer that is a `number`.
    this.#integers = isInteger && (this.#integers || this.#points.length === 0)
    this.#points.push(point)
  }

  build(): ReceivedMetricData {
    const descriptor: MetricDescriptor = {
      name: this.name,
      description: this.description,
      unit: this.unit,
      valueType: this.#integers ? INT : DOUBLE,
    }
    const metric: Record<string, unknown> = {
      descriptor,
      // Gauges and summaries have none in OTLP; OpenTelemetry's SDK calls its gauges cumulative.
      aggregationTemporality: this.#type === GAUGE || this.#type === SUMMARY ? CUMULATIVE : this.temporality,
      dataPointType: this.#type,
      dataPoints: this.#points,
    }
    if (this.#type === SUM) metric["isMonotonic"] = this.isMonotonic
    if (this.metadata !== undefined) metric["metadata"] = this.metadata
    return metric as unknown as ReceivedMetricData
  }
}

/** A data point with its fields in one order, so that all points have one hidden class. */
export function dataPoint<T>(
  startTime: HrTime,
  endTime: HrTime,
  attributes: Attributes,
  value: T,
  flags: number | undefined,
  exemplars: Exemplar[] | undefined,
): ReceivedDataPoint<T> {
  return { startTime, endTime, attributes, value, flags, exemplars }
}
