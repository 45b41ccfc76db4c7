// A ClickHouse exception: its code and name, the text that a server answers with, and the HTTP status that the
// server gives to the code.

/** The names of the codes that this server raises by itself, or that tests ask for most often. */
const NAMES: Readonly<Record<number, string>> = {
  16: "NO_SUCH_COLUMN_IN_TABLE",
  25: "CANNOT_PARSE_ESCAPE_SEQUENCE",
  26: "CANNOT_PARSE_QUOTED_STRING",
  27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
  33: "CANNOT_READ_ALL_DATA",
  36: "BAD_ARGUMENTS",
  38: "CANNOT_PARSE_DATE",
  41: "CANNOT_PARSE_DATETIME",
  47: "UNKNOWN_IDENTIFIER",
  48: "NOT_IMPLEMENTED",
  53: "TYPE_MISMATCH",
  60: "UNKNOWN_TABLE",
  62: "SYNTAX_ERROR",
  72: "CANNOT_PARSE_NUMBER",
  73: "UNKNOWN_FORMAT",
  78: "UNKNOWN_TYPE_OF_QUERY",
  81: "UNKNOWN_DATABASE",
  115: "UNKNOWN_SETTING",
  117: "INCORRECT_DATA",
  159: "TIMEOUT_EXCEEDED",
  164: "READONLY",
  190: "SIZES_OF_ARRAYS_DONT_MATCH",
  192: "UNKNOWN_USER",
  193: "WRONG_PASSWORD",
  194: "REQUIRED_PASSWORD",
  202: "TOO_MANY_SIMULTANEOUS_QUERIES",
  209: "SOCKET_TIMEOUT",
  210: "NETWORK_ERROR",
  216: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
  236: "ABORTED",
  241: "MEMORY_LIMIT_EXCEEDED",
  242: "TABLE_IS_READ_ONLY",
  252: "TOO_MANY_PARTS",
  319: "UNKNOWN_STATUS_OF_INSERT",
  354: "INFLATE_FAILED",
  358: "INTO_OUTFILE_NOT_ALLOWED",
  381: "HTTP_LENGTH_REQUIRED",
  394: "QUERY_WAS_CANCELLED",
  439: "CANNOT_SCHEDULE_TASK",
  497: "ACCESS_DENIED",
  511: "UNKNOWN_ROLE",
  516: "AUTHENTICATION_FAILED",
  999: "KEEPER_EXCEPTION",
  1001: "STD_EXCEPTION",
}

// ClickHouse's src/Server/HTTP/exceptionCodeToHTTPStatus.cpp, by number; every other code is a 500.
const STATUS: readonly (readonly [status: number, codes: readonly number[]])[] = [
  [401, [194]],
  [403, [192, 193, 516, 512, 497]],
  [
    400,
    [
      36, 427, 6, 25, 26, 38, 41, 72, 405, 441, 676, 377, 27, 15, 44, 223, 224, 10, 11, 167, 168, 170, 62,
      117, 53, 321, 376, 8, 245, 246,
    ],
  ],
  [404, [60, 46, 47, 50, 56, 81, 115, 106, 63, 73, 336, 78, 511]],
  [413, [229]],
  [501, [48]],
  [503, [209, 76, 439]],
  [411, [381]],
  [408, [159]],
  [415, [707]],
]

const STATUS_OF = new Map(STATUS.flatMap(([status, codes]) => codes.map((code) => [code, status] as const)))

export class ClickHouseException extends Error {
  readonly code: number
  readonly type: string

  constructor(code: number, message: string, type: string = NAMES[code] ?? "UNKNOWN_EXCEPTION") {
    super(message)
    this.code = code
    this.type = type
  }

  get status(): number {
    return STATUS_OF.get(this.code) ?? 500
  }

  /** As a server spells it, with a line break at its end. */
  text(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.type}) (version ${version})\n`
  }
}

/** The exception in whatever chDB threw; text that is not an exception of ClickHouse becomes STD_EXCEPTION. */
export function toException(thrown: unknown): ClickHouseException {
  if (thrown instanceof ClickHouseException) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const parsed = /Code: (\d+)\. DB::Exception: ([\s\S]*?)\s*\(([A-Z][A-Z0-9_]{2,})\)\s*$/.exec(text)
  if (parsed === null) return new ClickHouseException(1001, text)
  return new ClickHouseException(Number(parsed[1]), withoutRepeats(parsed[2] ?? ""), parsed[3])
}

// chDB wraps some messages twice: `Code: 115. DB::Exception: Unknown setting 'x'. (UNKNOWN_SETTING) (version 26.7).`
function withoutRepeats(message: string): string {
  const inner = /^Code: \d+\. DB::Exception: ([\s\S]*) \([A-Z0-9_]+\) \(version [^)]*\)\.?$/.exec(message)
  return inner?.[1] ?? message
}
