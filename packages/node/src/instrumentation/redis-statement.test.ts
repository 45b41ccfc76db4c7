import { expect, test } from "vitest"
import { redisStatement } from "./redis-statement.ts"

test.each([
  ["SET", ["order:7", "S3CR3T"], "SET order:7 [1 other arguments]"],
  ["get", ["order:7"], "get order:7"],
  ["HSET", ["order:7", "card", "S3CR3T"], "HSET order:7 [2 other arguments]"],
  ["SISMEMBER", ["tokens", "S3CR3T"], "SISMEMBER tokens [1 other arguments]"],
  ["EVAL", ["return 1", "0", "S3CR3T"], "EVAL [3 other arguments]"],
  ["AUTH", ["S3CR3T"], "AUTH [1 other arguments]"],
  ["HELLO", ["3", "AUTH", "default", "S3CR3T"], "HELLO [4 other arguments]"],
  ["CONFIG", ["SET", "requirepass", "S3CR3T"], "CONFIG [3 other arguments]"],
  ["ECHO", ["S3CR3T"], "ECHO [1 other arguments]"],
  ["PING", [], "PING"],
])("%s %j", (command, args, shown) => {
  expect(redisStatement(command, args)).toBe(shown)
})
