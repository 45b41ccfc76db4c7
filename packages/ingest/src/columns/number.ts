// Numbers, little-endian: UInt32 258 is 02 01 00 00, Int32 -2 is FE FF FF FF, Float64 1.5 is 00 00 00 00 00 00 F8 3F,
// Bool true is 01. What does not fit is clamped, never wrapped: a UInt8 of 300 would be stored as 44.
import type { Bytes } from "../bytes.ts"
import type { Column } from "./column.ts"

const integer = (
  type: string,
  low: number,
  high: number,
  put: (out: Bytes, value: number) => void,
): Column<number> => {
  const fit = (value = 0) => (value >= low ? Math.min(Math.trunc(value), high) : value < low ? low : 0)
  return {
    type,
    write(out, values) {
      for (const value of values) put(out, fit(value))
    },
    json: (value) => String(fit(value)),
    expects: `a whole number from ${low} to ${high}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
  }
}

export const uint8: Column<number> = integer("UInt8", 0, 255, (out, value) => out.uint8(value))

export const uint32: Column<number> = integer("UInt32", 0, 0xffffffff, (out, value) => out.uint32(value))

export const int32: Column<number> = integer("Int32", -0x80000000, 0x7fffffff, (out, value) =>
  out.int32(value),
)

const maxUInt64 = 0xffff_ffff_ffff_ffffn
// The largest double below 2^64.
const maxDouble = 0xffff_ffff_ffff_f800

export const uint64: Column<number | bigint> = {
  type: "UInt64",
  write(out, values) {
    for (const value of values) {
      if (typeof value === "bigint") {
        const whole = fitBigint(value)
        out.uint32(Number(whole & 0xffff_ffffn))
        out.uint32(Number(whole >> 32n))
      } else {
        const whole = fitDouble(value)
        out.uint32(whole % 0x1_0000_0000)
        out.uint32(Math.floor(whole / 0x1_0000_0000))
      }
    }
  },
  json: (value) => (typeof value === "bigint" ? `"${fitBigint(value)}"` : String(BigInt(fitDouble(value)))),
  expects: "a whole number of at least 0, as number or bigint",
  accepts: (value) =>
    typeof value === "bigint"
      ? value >= 0n && value <= maxUInt64
      : Number.isSafeInteger(value) && (value as number) >= 0,
}

const fitDouble = (value = 0): number => (value > 0 ? Math.trunc(Math.min(value, maxDouble)) : 0)

const fitBigint = (value: bigint): bigint => (value < 0n ? 0n : value > maxUInt64 ? maxUInt64 : value)

export const float64: Column<number | bigint> = {
  type: "Float64",
  write(out, values) {
    for (const value of values) out.float64(Number(value ?? 0))
  },
  json(value = 0) {
    const number = Number(value)
    if (Number.isFinite(number)) return Object.is(number, -0) ? "-0.0" : String(number)
    return Number.isNaN(number) ? '"nan"' : number > 0 ? '"inf"' : '"-inf"'
  },
  expects: "a number",
  accepts: (value) => typeof value === "number" || typeof value === "bigint",
}

export const bool: Column<boolean> = {
  type: "Bool",
  write(out, values) {
    for (const value of values) out.uint8(value === true ? 1 : 0)
  },
  json: (value) => String(value === true),
  expects: "true or false",
  accepts: (value) => typeof value === "boolean",
}
