// A Redis command as a span may show it: its name, and the key that most commands begin with. No values, which upstream
// shows of some commands: the members of sets, the arguments of scripts.

// No key stands first in these, and those that are not known are among them.
const keyFirst =
  /^(?:BIT|DECR|DEL|DUMP|EXISTS|EXPIRE|GEO|GET|H[A-Z]|INCR|L[A-Z]|MGET|MSET|OBJECT|P?EXPIRE|PERSIST|PF|P?TTL|PSETEX|RENAME|RESTORE|RPUSH|RPOP|SADD|SCARD|SDIFF|SET|SINTER|SISMEMBER|SMEMBERS|SMISMEMBER|SMOVE|SPOP|SRANDMEMBER|SREM|SSCAN|STRLEN|SUBSTR|SUNION|TOUCH|TYPE|UNLINK|WATCH|X(?:ACK|ADD|CLAIM|DEL|LEN|PENDING|RANGE|REVRANGE|TRIM)|Z[A-Z]|PUBLISH|SPUBLISH)/i

const exceptions = /^(?:HELLO|LASTSAVE|LATENCY|LOLWUT|OBJECT)/i

export function redisStatement(command: string, args: readonly unknown[] = []): string {
  const shown = args.length > 0 && keyFirst.test(command) && !exceptions.test(command) ? 1 : 0
  const others = args.length - shown
  const key = shown === 0 ? "" : ` ${String(args[0])}`
  return others === 0 ? `${command}${key}` : `${command}${key} [${others} other arguments]`
}
