// Turns a request in protobuf into one in OTLP/JSON, with protobufjs for a reader: 64 bits as strings, ids as hex, and
// in every message a field that nobody knows.
import * as protobuf from "protobufjs"

export type Message = Record<string, unknown>

export function otlpJson(type: protobuf.Type, bytes: Uint8Array): Buffer {
  const message = type.toObject(type.decode(bytes), { longs: String })
  return Buffer.from(JSON.stringify(messageToJson(type, message)))
}

function messageToJson(type: protobuf.Type, message: Message): Message {
  const json: Message = { someUnknownField: [{ nested: 1 }] }
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name]!
    json[name] = Array.isArray(value)
      ? value.map((item) => valueToJson(field, item))
      : valueToJson(field, value)
  }
  return json
}

function valueToJson(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) return messageToJson(field.resolvedType, value as Message)
  if (value instanceof Uint8Array) {
    const isId = field.name === "traceId" || field.name.toLowerCase().endsWith("spanid")
    return Buffer.from(value).toString(isId ? "hex" : "base64")
  }
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value
}
