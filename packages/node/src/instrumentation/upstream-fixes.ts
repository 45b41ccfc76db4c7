// Where upstream's instrumentation gives a bad trace and has no option against it: what is changed in it, by name of the
// switch, before it is enabled. Each was seen in test/instrumentation, and is a method that upstream calls on itself.
import type { Context, Span } from "@opentelemetry/api"
import { createRequire } from "../builtins.ts"
import type { InstrumentationName } from "./row.ts"

const require = createRequire(import.meta.url)
const { context, trace } = require("@opentelemetry/api") as typeof import("@opentelemetry/api")

type Method = (this: unknown, ...args: never[]) => unknown
type Methods = Record<string, Method>

/** A patch that is applied only inside a trace: `wrap` makes what is called there. */
const onlyInsideTraces =
  (wrap: (original: Method) => Method) =>
  (original: Method): Method => {
    const traced = wrap(original)
    return function (...args) {
      return (trace.getActiveSpan() === undefined ? original : traced).apply(this, args)
    }
  }

type Fix = (instrumentation: object) => void
const fix = (change: (instrumentation: Methods) => void): Fix => change as Fix

export const fixes: Partial<Record<InstrumentationName, Fix>> = {
  // Schemas are parsed when an app starts: a trace of its own for each of them.
  graphql: fix((instrumentation) => {
    for (const name of ["_patchParse", "_patchValidate"]) {
      const patch = instrumentation[name] as () => (original: Method) => Method
      instrumentation[name] = () => onlyInsideTraces(patch.call(instrumentation))
    }
  }),

  // An app is created once, when it starts: a trace of its own.
  nestjs: fix((instrumentation) => {
    instrumentation["getNestFactoryFileInstrumentation"] = () => ({ name: "", supportedVersions: [] })
  }),

  // The driver's span stood beside that of the model's operation, not below it.
  mongoose: fix((instrumentation) => {
    type Handle = (
      this: unknown,
      span: Span,
      exec: Method,
      self: unknown,
      args: unknown,
      ...rest: unknown[]
    ) => unknown
    const handle = instrumentation["_handleResponse"] as unknown as Handle
    const inSpan: Handle = function (span, exec, self, args, ...rest) {
      const below: Context = trace.setSpan(context.active(), span)
      const execBelow: Method = function (...given) {
        return context.with(below, exec, this, ...given)
      }
      return handle.call(this, span, execBelow, self, args, ...rest)
    }
    instrumentation["_handleResponse"] = inSpan
  }),
}
