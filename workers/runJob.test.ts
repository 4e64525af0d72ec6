import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { runJob } from "./runJob.ts"

describe("a job", () => {
  it.effect("runs at once and after each pause, also after a round that failed or broke", () =>
    Effect.gen(function* () {
      const rounds: Array<boolean> = []
      const endings = [Effect.fail("away"), Effect.die(new Error("a bug")), Effect.void]
      const job = {
        everyMillis: 1000,
        round: (isFirst: boolean) => {
          rounds.push(isFirst)
          return endings[(rounds.length - 1) % endings.length]!
        }
      }
      const fiber = yield* Effect.forkChild(runJob("test", job), { startImmediately: true })
      assert.deepStrictEqual(rounds, [true])
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(rounds, [true])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(rounds, [true, false])
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(rounds, [true, false, false, false])
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(5000)
      assert.strictEqual(rounds.length, 4)
    })
  )
})
