// What the shop's services measured, in the shape in which an OpenTelemetry metric reader hands it to an exporter. A
// running app uses a MeterProvider; its clock is the real one, so a day that is over is written down by hand.
import { ValueType } from "@opentelemetry/api"
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics"

/**
 * @typedef {import("@opentelemetry/sdk-metrics").ResourceMetrics} ResourceMetrics
 * @typedef {import("@opentelemetry/sdk-metrics").MetricData} MetricData
 */

/**
 * @param {ReturnType<typeof import("./day.js").makeDay>["measured"]} measured
 * @param {number} midnight
 * @returns {ResourceMetrics[]}
 */
export function makeMetrics({ measurements, payments, checkout, versionAt }, midnight) {
  const point = (/** @type {number} */ time, /** @type {number} */ value) => ({
    startTime: hrTime(midnight),
    endTime: hrTime(time),
    attributes: {},
    value,
  })
  const pools = payments.map((version) => {
    const its = measurements.filter(({ time }) => versionAt(time - midnight) === version)
    return metricsOf(version, {
      descriptor: describe("db.client.connection.pending_requests", "Waiting for a connection", "{request}"),
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE,
      dataPoints: its.map(({ time, waiting }) => point(time, waiting)),
    })
  })
  const placed = metricsOf(checkout, {
    descriptor: describe("shop.orders", "Orders placed since midnight", "{order}"),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: measurements.map(({ time, orders }) => point(time, orders)),
  })
  return [...pools, placed]
}

/**
 * @param {import("./services.js").Service} service
 * @param {MetricData} metric
 * @returns {ResourceMetrics}
 */
const metricsOf = ({ resource }, metric) => ({
  resource,
  scopeMetrics: [{ scope: { name: "shop" }, metrics: [metric] }],
})

/** @param {string} name @param {string} description @param {string} unit */
const describe = (name, description, unit) => ({ name, description, unit, valueType: ValueType.INT })

/** @param {number} ms @returns {[number, number]} */
const hrTime = (ms) => [Math.floor(ms / 1000), (ms % 1000) * 1e6]
