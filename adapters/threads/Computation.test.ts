import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import type { LifetimeModelRequest } from "../../ports/analytics/LifetimeModel.ts"
import { Computation } from "../../ports/platform/Computation.ts"
import { suite } from "../../ports/platform/Computation.suite.ts"
import { computationsAtOnceMax, computationsWaitingMax, layer } from "./Computation.ts"

suite("threads", () => layer({ entry: new URL("../../workers/computing.ts", import.meta.url) }))

const acts = { answer: 0, forever: 1, fail: 2, end: 3 }

const request = (act: keyof typeof acts): LifetimeModelRequest => ({
  customers: {
    cohort: new Int32Array(1),
    firstDay: new Int32Array(1),
    lastDay: new Int32Array(1),
    frequency: new Int32Array(1),
    repeatSpendMinor: new Float64Array(1)
  },
  calibrationEndDay: 0,
  exponent: acts[act],
  horizonWeeks: 1,
  weeklyDiscountRate: 0,
  profile: undefined
})

const run = (act: keyof typeof acts) => Effect.flatMap(Computation, (each) => each.run("lifetime", request(act)))
const world = (millisMax?: number) =>
  layer({
    entry: new URL("testing/entry.ts", import.meta.url),
    ...(millisMax === undefined ? {} : { millisMax })
  })

describe("threads", () => {
  it.live("takes over the memory of typed arrays", () =>
    Effect.gen(function* () {
      const given = request("answer")
      assert.strictEqual(yield* (yield* Computation).run("lifetime", given), "done" as never)
      assert.strictEqual(given.customers.cohort.length, 0)
    }).pipe(Effect.provide(world()))
  )

  it.live("ends a thread that does not end by itself, when its caller goes or its time is over", () =>
    Effect.gen(function* () {
      const caller = yield* Effect.forkChild(run("forever"))
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(caller)
      assert.strictEqual(yield* run("answer"), "done" as never)
      const failure = yield* Effect.flip(run("forever"))
      assert.deepInclude(failure, { port: "Computation", operation: "lifetime", reason: "timeout" })
      assert.strictEqual(yield* run("answer"), "done" as never)
    }).pipe(Effect.provide(world(2000)))
  )

  it.live("refuses more than may wait", () =>
    Effect.gen(function* () {
      const callers = yield* Effect.forEach(
        Array.from({ length: computationsAtOnceMax + computationsWaitingMax }),
        () => Effect.forkChild(run("forever"))
      )
      yield* Effect.yieldNow
      const failure = yield* Effect.flip(run("answer"))
      assert.deepInclude(failure, { reason: "overloaded", retriable: true })
      yield* Fiber.interruptAll(callers)
      assert.strictEqual(yield* run("answer"), "done" as never)
    }).pipe(Effect.provide(world()))
  )

  it.live("dies of what a computation throws, and goes on", () =>
    Effect.gen(function* () {
      for (const act of ["fail", "end"] as const) {
        const exit = yield* Effect.exit(run(act))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), act)
      }
      assert.strictEqual(yield* run("answer"), "done" as never)
    }).pipe(Effect.provide(world()))
  )
})
