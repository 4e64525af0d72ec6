import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { layer } from "../../logging.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { logPartFailure } from "./partFailures.ts"

describe("a part that fails every request", () => {
  it.effect("is told of once a second, with how many requests it failed", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const failure = new PortFailure({ port: "EventLog", operation: "append", reason: "full", detail: "no room" })
      yield* Effect.gen(function* () {
        for (let request = 0; request < 100; request += 1) yield* logPartFailure(failure)
        yield* TestClock.adjust("1 second")
        yield* logPartFailure(failure)
        yield* logPartFailure(new PortFailure({ ...failure, reason: "unavailable" }))
      }).pipe(Effect.provide(layer("info", (line) => lines.push(line))))
      assert.deepStrictEqual(
        lines.map((line) => {
          const { level, reason, requests } = JSON.parse(line) as Record<string, unknown>
          return { level, reason, requests }
        }),
        [
          { level: "warn", reason: "full", requests: 1 },
          { level: "warn", reason: "full", requests: 100 },
          { level: "warn", reason: "unavailable", requests: 1 }
        ]
      )
    })
  )
})
