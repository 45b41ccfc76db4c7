import { describe, expect, test } from "vitest"
import { uint32 } from "./columns/number.ts"
import { dateTime64 } from "./columns/time.ts"
import type { Engine, Insert } from "./engines/engine.ts"
import { IngestError, type IngestErrorCode, type IngestErrorDetails } from "./errors.ts"
import type { Field } from "./native.ts"
import type { HrTime } from "./time.ts"
import { type WriteOptions, write } from "./write.ts"

interface Item {
  readonly n: number
  readonly time: HrTime
}

const fields: Field<Item>[] = [
  { name: "n", column: uint32, of: (item) => item.n },
  { name: "Timestamp", column: dateTime64, of: (item) => item.time },
]

const day = 86_400
const item = (n: number, onDay = 0): Item => ({ n, time: [onDay * day, n] })
const items = (count: number): Item[] => Array.from({ length: count }, (_, n) => item(n))

const error = (code: IngestErrorCode, details?: IngestErrorDetails) => new IngestError(code, code, details)
const badRow = error("BAD_ROW", { exceptionCode: 27 })
const tooLarge = error("OUT_OF_MEMORY", { retryable: true })
const away = error("UNREACHABLE", { retryable: true })

function numbersIn(blocks: readonly Buffer[]): number[] {
  const lines = Buffer.concat(blocks).toString().trimEnd().split("\n")
  return lines.map((line) => (JSON.parse(line) as { n: number }).n)
}

/** An engine that stores rows unless `refuse` has an objection to all of those in an insert. */
function engineThat(refuse: (rows: readonly number[]) => unknown = () => undefined) {
  const stored: number[] = []
  const inserts: Insert[] = []
  const sizes: number[] = []
  const engine: Engine = {
    where: "a test's engine",
    insert(insert) {
      const rows = numbersIn(insert.blocks)
      inserts.push(insert)
      sizes.push(rows.length)
      const objection = refuse(rows)
      // oxlint-disable-next-line prefer-promise-reject-errors
      if (objection !== undefined) return Promise.reject(objection)
      stored.push(...rows)
      return Promise.resolve()
    },
    command: () => Promise.reject(new Error("not asked for")),
    query: () => {
      throw new Error("not asked for")
    },
    close: () => Promise.resolve(),
  }
  const options: WriteOptions<Item> = {
    engine,
    table: "`db`.`t`",
    fields,
    timeOf: (one) => one.time,
    format: "JSONEachRow",
    maxRows: 10_000,
    maxBytes: 16 * 1024 * 1024,
    settingsOf: () => ({}),
    retryForMs: 0,
  }
  return { options, stored, inserts, sizes }
}

const refusing = (bad: readonly number[]) => (rows: readonly number[]) =>
  rows.some((n) => bad.includes(n)) ? badRow : undefined

const numbers = (list: readonly { readonly n: number }[]): number[] => list.map(({ n }) => n)

test("stores all rows by one insert, which names its columns", async () => {
  const { options, stored, inserts } = engineThat()
  expect(await write(items(100), options)).toEqual({ rejected: [], unstored: [], error: undefined })
  expect(stored).toEqual(numbers(items(100)))
  expect(inserts.map(({ table, columns, format }) => [table, columns, format])).toEqual([
    ["`db`.`t`", ["`n`", "`Timestamp`"], "JSONEachRow"],
  ])
})

test("sends nothing for no rows", async () => {
  const { options, inserts } = engineThat()
  expect(await write([], options)).toEqual({ rejected: [], unstored: [], error: undefined })
  expect(inserts).toEqual([])
})

test("cuts by maxRows and by maxBytes, in order", async () => {
  const byRows = engineThat()
  await write(items(25), { ...byRows.options, maxRows: 10 })
  expect(byRows.sizes).toEqual([10, 10, 5])
  expect(byRows.stored).toEqual(numbers(items(25)))
  const byBytes = engineThat()
  await write(items(20_000), { ...byBytes.options, maxBytes: 1024 })
  expect(byBytes.sizes.length).toBeGreaterThan(2)
  expect(byBytes.stored).toEqual(numbers(items(20_000)))
})

test("each insert has the settings that its size asks for", async () => {
  const { options, inserts } = engineThat()
  await write(items(15), { ...options, maxRows: 10, settingsOf: (bytes) => ({ bytes }) })
  expect(inserts.map(({ settings }) => settings)).toEqual(
    inserts.map(({ blocks }) => ({ bytes: Buffer.concat(blocks).length })),
  )
  expect(inserts).toHaveLength(2)
})

describe("bad rows", () => {
  test.each([[[0]], [[99]], [[50]], [[3, 4]], [[0, 17, 18, 64, 99]]])(
    "%o of 100 are left out, the rest is stored once and in order",
    async (bad) => {
      const { options, stored } = engineThat(refusing(bad))
      const { rejected, unstored, error: failed } = await write(items(100), options)
      expect(numbers(rejected.map(({ item: one }) => one))).toEqual(bad)
      expect(new Set(rejected.map((one) => one.error))).toEqual(new Set([badRow]))
      expect([unstored, failed]).toEqual([[], undefined])
      expect(stored).toEqual(numbers(items(100)).filter((n) => !bad.includes(n)))
    },
  )

  test("bad rows that come together at the start do not blame the table: the last row is tried too", async () => {
    const bad = numbers(items(40))
    const { options, stored } = engineThat(refusing(bad))
    const { rejected, error: failed } = await write(items(100), options)
    expect(numbers(rejected.map(({ item: one }) => one))).toEqual(bad)
    expect(failed).toBeUndefined()
    expect(stored.toSorted((one, other) => one - other)).toEqual(numbers(items(100)).slice(40))
  })

  test("up to 15 may be all there are", async () => {
    const { options } = engineThat(() => badRow)
    const { rejected, error: failed } = await write(items(15), options)
    expect(numbers(rejected.map(({ item: one }) => one))).toEqual(numbers(items(15)))
    expect(failed).toBeUndefined()
  })

  test("17 of them and not one that is taken mean that the table is wrong: none is rejected", async () => {
    const { options, stored, inserts } = engineThat(() => badRow)
    const { rejected, unstored, error: failed } = await write(items(1_000), options)
    expect(rejected).toEqual([])
    expect(numbers(unstored)).toEqual(numbers(items(1_000)))
    expect(failed).toMatchObject({
      code: "SCHEMA_MISMATCH",
      retryable: true,
      retryAfterMs: 60_000,
      exceptionCode: 27,
    })
    expect(failed?.message).toBe("every row is refused, so the table itself does not fit: BAD_ROW")
    expect(stored).toEqual([])
    expect(inserts.length).toBeLessThan(50)
  })

  test("any number of them is left out once one row was taken", async () => {
    const bad = numbers(items(100)).slice(1)
    const { options, stored } = engineThat(refusing(bad))
    const { rejected } = await write(items(100), options)
    expect(rejected).toHaveLength(99)
    expect(stored).toEqual([0])
  })

  test("items that cannot be read are rejected with the reason, and count for none that was taken", async () => {
    const boom = new Error("boom")
    const poisoned = (n: number): Item => ({
      n,
      get time(): HrTime {
        throw boom
      },
    })
    const mixed = engineThat()
    const result = await write([item(0), poisoned(1), item(2)], mixed.options)
    expect(result.rejected.map(({ item: one, error: reason }) => [one.n, reason])).toEqual([[1, boom]])
    expect(mixed.stored).toEqual([0, 2])
    const refused = engineThat(() => badRow)
    const first = { ...refused.options, maxRows: 1 }
    const failed = await write([poisoned(99), ...items(50)], first)
    expect(failed.error?.code).toBe("SCHEMA_MISMATCH")
    expect(failed.unstored).toHaveLength(51)
    expect(failed.rejected).toEqual([])
  })
})

test("halves what is too large for the server's memory, down to one row", async () => {
  const { options, stored, sizes } = engineThat((rows) => (rows.length > 30 ? tooLarge : undefined))
  expect(await write(items(100), options)).toMatchObject({ rejected: [], unstored: [], error: undefined })
  expect(sizes).toEqual([100, 50, 25, 25, 50, 25, 25])
  expect(stored).toEqual(numbers(items(100)))
  const hopeless = engineThat(() => tooLarge)
  const result = await write(items(4), hopeless.options)
  expect(hopeless.sizes).toEqual([4, 2, 1])
  expect(result).toMatchObject({ rejected: [], error: { code: "OUT_OF_MEMORY" } })
  expect(numbers(result.unstored)).toEqual([0, 1, 2, 3])
})

describe("old data", () => {
  test("of up to 90 days is one insert, in the order it came", async () => {
    const { options, stored, sizes } = engineThat()
    const days = Array.from({ length: 90 }, (_, n) => item(n, 89 - n))
    await write(days, options)
    expect(sizes).toEqual([90])
    expect(stored).toEqual(numbers(days))
  })

  test("of more days is sorted by day and cut, and each row stored once", async () => {
    const { options, stored, sizes } = engineThat()
    const days = Array.from({ length: 600 }, (_, n) => item(n, 199 - (n % 200)))
    await write(days, options)
    expect(sizes).toEqual([270, 270, 60])
    expect([...stored].sort((one, other) => one - other)).toEqual(numbers(days))
    const daysOf = (from: number, to: number) => new Set(stored.slice(from, to).map((n) => 199 - (n % 200)))
    expect(daysOf(0, 270)).toEqual(new Set(Array.from({ length: 90 }, (_, n) => n)))
    expect(daysOf(540, 600)).toEqual(new Set(Array.from({ length: 20 }, (_, n) => 180 + n)))
  })

  test("is halved where the server counts its partitions otherwise", async () => {
    const manyPartitions = error("TOO_MANY_PARTITIONS")
    const { options, stored, sizes } = engineThat((rows) => (rows.length > 5 ? manyPartitions : undefined))
    await write(items(10), options)
    expect(sizes).toEqual([10, 5, 5])
    expect(stored).toEqual(numbers(items(10)))
  })
})

describe("a server that goes away", () => {
  test("in the middle leaves the rest unstored, in order, and nothing rejected", async () => {
    const { options, stored } = engineThat((rows) => (rows.includes(20) ? away : undefined))
    const { rejected, unstored, error: failed } = await write(items(45), { ...options, maxRows: 10 })
    expect(stored).toEqual(numbers(items(20)))
    expect(numbers(unstored)).toEqual(numbers(items(45)).slice(20))
    expect([rejected, failed]).toEqual([[], away])
  })

  test("while bad rows are looked for leaves what was not yet decided", async () => {
    const { options, stored } = engineThat((rows) =>
      rows.length > 4 ? badRow : rows.includes(12) ? away : rows.includes(5) ? badRow : undefined,
    )
    const { rejected, unstored, error: failed } = await write(items(16), options)
    expect(numbers(rejected.map(({ item: one }) => one))).toEqual([5])
    expect(stored).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
    expect(numbers(unstored)).toEqual([12, 13, 14, 15])
    expect(failed).toBe(away)
  })

  test("and comes back gets the same bytes under the same token", async () => {
    let refusals = 1
    const { options, stored, inserts } = engineThat(() => (refusals-- > 0 ? away : undefined))
    expect(await write(items(3), { ...options, retryForMs: 10_000 })).toMatchObject({ error: undefined })
    expect(stored).toEqual([0, 1, 2])
    expect(inserts).toHaveLength(2)
    expect(inserts[0]?.token).toMatch(/^[0-9a-f-]{36}$/)
    expect(inserts[1]).toBe(inserts[0])
  })

  test("keeps no buffer that a connection given up may still read from", async () => {
    let refusals = 1
    const { options, inserts } = engineThat(() => (refusals-- > 0 ? away : undefined))
    await write(items(3), { ...options, retryForMs: 10_000 })
    const [memory] = inserts[0]?.blocks ?? []
    for (let round = 0; round < 20; round++) await write(items(3), options)
    expect(inserts.slice(2).filter(({ blocks }) => blocks[0]?.buffer === memory?.buffer)).toEqual([])
    expect(new Set(inserts.slice(2).map(({ blocks }) => blocks[0]?.buffer)).size).toBe(1)
  })
})

test("each insert of its own has a token of its own", async () => {
  const { options, inserts } = engineThat()
  await write(items(3), { ...options, maxRows: 1 })
  expect(new Set(inserts.map(({ token }) => token)).size).toBe(3)
})

test("throws what is no error of the engine's, such as a fault of ours", async () => {
  const { options } = engineThat(() => new TypeError("x is not a function"))
  await expect(write(items(3), options)).rejects.toThrow("x is not a function")
})
