// Every field of OTLP at random, encoded by protobufjs and, with OTLP's changes, by JSON.stringify: both decode to
// the same telemetry. Unknown fields are among them, and change nothing.
import {
  logsFromJson,
  logsFromProtobuf,
  metricsFromJson,
  metricsFromProtobuf,
  tracesFromJson,
  tracesFromProtobuf,
} from "@clickstack/receiver"
import * as fc from "fast-check"
import * as protobuf from "protobufjs"
import { expect, test } from "vitest"
import { type Message, otlpJson } from "./otlp-json.ts"
import { requestTypes } from "./otlp-schema.ts"

/** A random message of this type, as protobufjs takes it. */
function messageOf(type: protobuf.Type, depth = 0): fc.Arbitrary<Message> {
  const oneofs = type.oneofsArray.filter((oneof) => oneof.fieldsArray.length > 1)
  const inOneof = new Set(oneofs.flatMap((oneof) => oneof.fieldsArray))
  const plain = type.fieldsArray.filter((field) => !inOneof.has(field))
  const members = Object.fromEntries(plain.map((field) => [field.name, fieldOf(field, depth)]))
  const choices = oneofs.map((oneof) =>
    fc.option(
      fc.oneof(
        ...oneof.fieldsArray
          .filter((field) => depth < 9 || !(field.resolve().resolvedType instanceof protobuf.Type))
          .map((field) => fieldOf(field, depth).map((value): Message => ({ [field.name]: value }))),
      ),
      { nil: {} },
    ),
  )
  return fc
    .tuple(fc.record(members, { requiredKeys: [] }), ...choices)
    .map(([message, ...chosen]) => Object.assign({}, message, ...chosen) as Message)
}

function fieldOf(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const type = field.resolve().resolvedType
  const one = type instanceof protobuf.Type ? fc.noShrink(messageOf(type, depth + 1)) : scalarOf(field)
  return field.repeated ? fc.array(one, { maxLength: depth > 6 ? 1 : 2 }) : one
}

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const doubles = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e300, 1e16))

function scalarOf(field: protobuf.Field): fc.Arbitrary<unknown> {
  if (field.name === "traceId") return bytesOf(16)
  if (field.name.toLowerCase().endsWith("spanid")) return bytesOf(8)
  switch (field.type) {
    case "string":
      return fc.string({ unit: "binary", maxLength: 60 })
    case "bytes":
      return fc.uint8Array({ maxLength: 12 })
    case "bool":
      return fc.boolean()
    case "double":
      return doubles
    case "int32":
    case "sint32":
      return fc.integer()
    case "uint32":
    case "fixed32":
      return fc.integer({ min: 0, max: 0xffffffff })
    case "int64":
    case "sfixed64":
      return fc
        .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n }))
        .map(long)
    default:
      return fc
        .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300n }))
        .map(long)
  }
}

/** protobufjs takes 64 bits as two halves. */
const long = (n: bigint) => ({
  low: Number(BigInt.asIntN(32, n)),
  high: Number(BigInt.asIntN(32, n >> 32n)),
  unsigned: n >= 0n,
})

test.each([
  ["traces", tracesFromProtobuf, tracesFromJson],
  ["logs", logsFromProtobuf, logsFromJson],
  ["metrics", metricsFromProtobuf, metricsFromJson],
] as const)("%s with every field decode alike from protobuf and JSON", (signal, fromProtobuf, fromJson) => {
  const type = requestTypes[signal]
  let compared = 0
  fc.assert(
    fc.property(messageOf(type), (message) => {
      const bytes = Buffer.from(type.encode(message).finish())
      const unknownField = Buffer.from([0xfa, 0x7f, 3, 1, 2, 3])
      const received = fromProtobuf(Buffer.concat([bytes, unknownField]))
      expect(received).toEqual(fromJson(otlpJson(type, bytes)))
      compared += received.length
    }),
    { numRuns: 500 },
  )
  expect(compared).toBeGreaterThan(100)
})
