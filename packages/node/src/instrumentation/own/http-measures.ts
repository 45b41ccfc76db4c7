// How long requests take, as OpenTelemetry's two histograms of HTTP have it, when metrics are on.
import type { Attributes, Histogram } from "@opentelemetry/api"
import type { Config } from "../../config.ts"
import { api } from "../../opentelemetry.ts"

/** In seconds; the convention's own. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export interface HttpMeasures {
  /** Undefined when metrics are off. */
  readonly measureServer: Measure | undefined
  readonly measureClient: Measure | undefined
}

/** @param started By performance.now(). */
export type Measure = (started: number, attributes: Attributes) => void

export function createHttpMeasures({
  metrics,
  disabled,
}: Pick<Config, "metrics" | "disabled">): HttpMeasures {
  if (disabled || metrics.exporter === "none") return { measureServer: undefined, measureClient: undefined }
  return { measureServer: measure("server"), measureClient: measure("client") }
}

function measure(side: "server" | "client"): Measure {
  let histogram: Histogram | undefined
  return (started, attributes) => {
    histogram ??= api()
      .metrics.getMeter("@clickstack/node/http")
      .createHistogram(`http.${side}.request.duration`, {
        description: `Duration of HTTP ${side} requests.`,
        unit: "s",
        advice: { explicitBucketBoundaries: boundaries },
      })
    histogram.record((performance.now() - started) / 1000, attributes)
  }
}
