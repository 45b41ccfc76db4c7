import { expect, test } from "vitest"
import type { MetricPoint } from "../read/metrics.ts"
import { chartsOf } from "./series.ts"

const point = (second: number, values: Partial<MetricPoint>): MetricPoint => ({
  time: `1970-01-01T00:00:0${second}Z`,
  service: "shop",
  attributes: {},
  ...values,
})

test("each service and set of attributes of a gauge has a line", () => {
  const points = [
    point(1, { value: 7 }),
    point(1, { value: 9, attributes: { pool: "a" } }),
    point(2, { value: 8 }),
  ]
  expect(chartsOf("gauge", "By", points)).toEqual([
    {
      title: "Value",
      unit: "By",
      series: [
        {
          name: "shop",
          points: [
            [1000, 7],
            [2000, 8],
          ],
        },
        { name: "shop pool=a", points: [[1000, 9]] },
      ],
    },
  ])
})

test("a counter is shown by its changes, also when it begins anew", () => {
  const counted = [3, 7, 2].map((value, index) =>
    point(index * 2, { value, temporality: 2, monotonic: true }),
  )
  expect(chartsOf("sum", "", counted)[0]?.series[0]?.points).toEqual([
    [2000, 2],
    [4000, 1],
  ])
})

test("a sum of differences is divided by the time between them", () => {
  const sums = [3, 7].map((value, index) => point(index * 2, { value, temporality: 1, monotonic: true }))
  expect(chartsOf("sum", "", sums)[0]?.series[0]?.points).toEqual([[2000, 3.5]])
})

test("a sum that goes up and down is shown as it is", () => {
  const sums = [3, 2].map((value, index) => point(index, { value, temporality: 2, monotonic: false }))
  expect(chartsOf("sum", "", sums)[0]).toMatchObject({
    title: "Value",
    series: [
      {
        points: [
          [0, 3],
          [1000, 2],
        ],
      },
    ],
  })
})

test("a histogram is shown by the mean of what came since the last point, and how much that was", () => {
  const points = [
    point(0, { count: 2, sum: 20, temporality: 2 }),
    point(1, { count: 4, sum: 80, temporality: 2 }),
    point(2, { count: 4, sum: 80, temporality: 2 }),
  ]
  expect(chartsOf("histogram", "ms", points).map(({ series }) => series[0]?.points)).toEqual([
    [[1000, 30]],
    [
      [1000, 2],
      [2000, 0],
    ],
  ])
})
