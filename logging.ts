import { Cause, Context, Layer, Logger, References, Tracer } from "effect"
import process from "node:process"
import { redact } from "./redaction.ts"

export const logLevels = ["debug", "info", "warn", "error"] as const
export type LogLevelName = (typeof logLevels)[number]

/** Longer texts are cut: a line of the log is for reading. */
export const logTextCharactersMax = 8_000
const depthMax = 4

const minimumOf = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** A value as JSON can hold it, every text in it redacted. */
const clean = (value: unknown, depth = 0): unknown => {
  switch (typeof value) {
    case "string":
      return redact(value.slice(0, logTextCharactersMax))
    case "number":
    case "boolean":
    case "undefined":
      return value
    case "object": {
      if (value === null) return null
      if (value instanceof Error) return clean(`${value.name}: ${value.message}`)
      if (depth === depthMax) return "…"
      if (Array.isArray(value)) return value.map((each) => clean(each, depth + 1))
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [redact(key), clean(each, depth + 1)]))
    }
    default:
      return redact(String(value))
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** One JSON object a line: time, level, message, then what the place that logs has added, and the cause. */
export const formatLine = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): string => {
  const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  const fields = Object.assign({}, fiber.getRef(References.CurrentLogAnnotations), ...parts.filter(isFields))
  const text = parts
    .filter((part) => !isFields(part))
    .map((part) => (typeof part === "string" ? part : String(clean(part))))
    .join(" ")
  const head = { time: date.toISOString(), level: logLevel.toLowerCase(), message: clean(text) }
  return JSON.stringify({
    ...head,
    ...(clean(fields) as Readonly<Record<string, unknown>>),
    ...head,
    ...(span === undefined || !span.sampled ? {} : { trace_id: span.traceId }),
    ...(cause.reasons.length === 0 ? {} : { cause: clean(Cause.pretty(cause)) })
  })
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** JSON lines on the standard output, from this level up. */
export const layer = (level: LogLevelName, write: (line: string) => void = print): Layer.Layer<never> =>
  Layer.mergeAll(
    Logger.layer([Logger.map(Logger.make(formatLine), write)]),
    Layer.succeed(References.MinimumLogLevel, minimumOf[level])
  )
