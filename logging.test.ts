import { assert, describe, it } from "@effect/vitest"
import { Effect, Tracer } from "effect"
import { layer } from "./logging.ts"
import type { LogLevelName } from "./logging.ts"

const linesOf = (program: Effect.Effect<unknown>, level: LogLevelName = "info") =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    return Effect.as(
      Effect.provide(
        program,
        layer(level, (line) => lines.push(line))
      ),
      lines
    )
  })
const secrets = ["ada@example.com", "203.0.113.77", "s3cr3t-key", "abc.def.ghi"]

describe("the log", () => {
  it.effect("is one JSON object a line, with what the place has added", () =>
    Effect.gen(function* () {
      const program = Effect.annotateLogs(Effect.logInfo("ready", { seconds: 1.5, parts: ["a"] }), {
        request_id: "r-1"
      })
      const [line, ...more] = yield* linesOf(program)
      assert.deepStrictEqual(more, [])
      const { time, ...rest } = JSON.parse(line!) as Record<string, unknown>
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.deepStrictEqual(rest, { request_id: "r-1", seconds: 1.5, parts: ["a"], level: "info", message: "ready" })
    })
  )

  it.effect("says only what its level asks for", () =>
    Effect.gen(function* () {
      const all = Effect.all([Effect.logDebug("d"), Effect.logInfo("i"), Effect.logWarning("w"), Effect.logError("e")])
      const said = (level: LogLevelName) =>
        Effect.map(linesOf(all, level), (lines) => lines.map((line) => (JSON.parse(line) as { level: string }).level))
      assert.deepStrictEqual(yield* said("debug"), ["debug", "info", "warn", "error"])
      assert.deepStrictEqual(yield* said("info"), ["info", "warn", "error"])
      assert.deepStrictEqual(yield* said("error"), ["error"])
    })
  )

  it.effect("names the trace that the request belongs to, where it is recorded", () =>
    Effect.gen(function* () {
      const traceId = "0af7651916cd43dd8448eb211c80319c"
      const within = (sampled: boolean) =>
        Effect.withParentSpan(
          Effect.logInfo("x"),
          Tracer.externalSpan({ traceId, spanId: "b7ad6b7169203331", sampled })
        )
      const lines = [...(yield* linesOf(within(true))), ...(yield* linesOf(within(false)))]
      assert.deepStrictEqual(
        lines.map((line) => (JSON.parse(line) as { trace_id?: string }).trace_id),
        [traceId, undefined]
      )
    })
  )

  it.effect("shows no personal data and no secret, in whatever it is given them", () =>
    Effect.gen(function* () {
      const text = `for ada@example.com from 203.0.113.77 with /x?key=s3cr3t-key and Bearer abc.def.ghi`
      const defect = new Error(text, { cause: new Error(text) })
      const programs = [
        Effect.logInfo(text),
        Effect.logInfo("fields", { text, deep: { list: [text, { text }] }, error: defect, "ada@example.com": 1 }),
        Effect.logInfo(defect),
        Effect.annotateLogs(Effect.logInfo("annotated"), { text }),
        Effect.sandbox(Effect.die(defect)).pipe(Effect.catch((cause) => Effect.logError("a bug", cause))),
        Effect.sandbox(Effect.fail({ _tag: "Odd", text })).pipe(Effect.catch((cause) => Effect.logError("odd", cause)))
      ]
      for (const program of programs) {
        const lines = yield* linesOf(program)
        assert.lengthOf(lines, 1)
        for (const secret of secrets) assert.notInclude(lines[0]!, secret)
        assert.isObject(JSON.parse(lines[0]!))
      }
      assert.include((yield* linesOf(programs[4]!))[0]!, "logging.test.ts")
    })
  )
})
