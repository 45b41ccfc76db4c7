import { describe, expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import type { Options } from "../options.ts"
import type { SamplingConfig } from "./sampling-config.ts"

const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => "mine" }
const resolve = (options: Options, env: NodeJS.ProcessEnv = {}) => {
  const { config, warnings } = resolveConfig(options, env)
  return { ...config.sampling, warnings }
}

test.each<[string, Options, NodeJS.ProcessEnv, Partial<SamplingConfig>]>([
  ["nothing", {}, {}, { ratio: 1, followsParent: true, plain: "always_on", keep: undefined }],
  ["a ratio", { sampling: { ratio: 0.1 } }, {}, { ratio: 0.1, followsParent: true, plain: undefined }],
  ["a ratio's variable", {}, { CLICKSTACK_SAMPLING_RATIO: "0.2" }, { ratio: 0.2, followsParent: true }],
  [
    "OpenTelemetry's variables",
    {},
    { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" },
    { ratio: 0.5, followsParent: true, plain: undefined },
  ],
  [
    "a sampler that asks no parent",
    { sampler: "traceidratio", samplerRatio: 0.5 },
    {},
    { ratio: 0.5, followsParent: false },
  ],
  ["a share without a sampler for it", { samplerRatio: 0.5 }, {}, { ratio: 1, plain: "always_on" }],
  ["none", { sampler: "always_off" }, {}, { ratio: 0, followsParent: false, plain: "always_off" }],
  [
    "a ratio in code over a sampler in the environment",
    { sampling: { ratio: 0.1 } },
    { OTEL_TRACES_SAMPLER: "always_off", OTEL_TRACES_SAMPLER_ARG: "0.7" },
    { ratio: 0.1, followsParent: true },
  ],
  [
    "a sampler in code over a ratio in the environment",
    { sampler: "always_off" },
    { CLICKSTACK_SAMPLING_RATIO: "0.1" },
    { ratio: 0, followsParent: false },
  ],
  [
    "a limit on what a sampler names",
    { sampler: "always_on", sampling: { perSecond: 5 } },
    {},
    { ratio: 1, followsParent: false, perSecond: 5, plain: undefined },
  ],
  [
    "keep, beside a sampler of the app's own",
    { sampler, sampling: { keep: { errors: true } } },
    {},
    { sampler, keep: { errors: true, slowerThan: undefined } },
  ],
  [
    "keep, by variables",
    {},
    { CLICKSTACK_SAMPLING_KEEP_ERRORS: "true", CLICKSTACK_SAMPLING_KEEP_SLOWER_THAN: "500" },
    { keep: { errors: true, slowerThan: 500 }, plain: "always_on" },
  ],
  ["keep, of nothing", { sampling: { keep: { errors: false } } }, {}, { keep: undefined }],
])("%s", (_, options, env, expected) => {
  expect(resolve(options, env)).toMatchObject({ ...expected, warnings: [] })
})

describe("said twice", () => {
  test.each<[Options, string]>([
    [
      { sampler: "always_on", sampling: { ratio: 0.1 } },
      'option "sampler" and "sampling.ratio" say the same; leave one out',
    ],
    [
      { samplerRatio: 0.1, sampling: { ratio: 0.1 } },
      'option "samplerRatio" and "sampling.ratio" say the same; leave one out',
    ],
    [{ sampler, sampling: { ratio: 0.1 } }, 'option "sampling.ratio" and a sampler of your own'],
    [{ sampler, sampling: { perSecond: 5 } }, 'option "sampling.perSecond" and a sampler of your own'],
    [
      { sampler, sampling: { rules: [{ path: "/", ratio: 1 }] } },
      'option "sampling.rules" and a sampler of your own',
    ],
  ])("%j throws", (options, message) => {
    expect(() => resolve(options)).toThrow(message)
  })

  test("in variables is told, and the ratio counts", () => {
    expect(resolve({}, { CLICKSTACK_SAMPLING_RATIO: "0.1", CLICKSTACK_SAMPLER: "always_off" })).toMatchObject(
      {
        ratio: 0.1,
        warnings: ["CLICKSTACK_SAMPLER is ignored: CLICKSTACK_SAMPLING_RATIO says the same"],
      },
    )
    expect(resolve({ sampler }, { CLICKSTACK_SAMPLING_RATIO: "0.1" })).toMatchObject({
      sampler,
      warnings: ["CLICKSTACK_SAMPLING_RATIO is ignored: a sampler of the app's own decides"],
    })
  })
})

test("a mistyped name is told with the one that is meant", () => {
  expect(() => resolve({ sampling: { ration: 1 } } as never)).toThrow('did you mean "sampling.ratio"?')
  expect(() => resolve({ sampling: { keep: { error: true } } } as never)).toThrow(
    'did you mean "sampling.keep.errors"?',
  )
  expect(() => resolve({ sampling: { keep: true } } as never)).toThrow(
    'option "sampling.keep" must be an object of options',
  )
  expect(() => resolve({ sampling: { rules: [{ path: "/", ratio: 2 }] } })).toThrow(
    "the ratio of rule 1 of the array must be a number from 0 to 1",
  )
})
