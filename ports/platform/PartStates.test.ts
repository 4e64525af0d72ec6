import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { PortFailure } from "../PortFailure.ts"
import { LastWrite, makePartStates } from "./PartStates.ts"

const failed = (reason: PortFailure["reason"]) =>
  new PortFailure({ port: "EventLog", operation: "append", reason, detail: "no room" })

describe("a part that writes", () => {
  it("is degraded since its first failure, until a write succeeds", () => {
    const write = new LastWrite()
    assert.deepStrictEqual(write.read(), { status: "ok" })
    write.note(failed("full"), 1000)
    write.note(failed("unavailable"), 2000)
    assert.deepStrictEqual(write.read(), { status: "degraded", reason: "unavailable", since: 1000 })
    write.note(undefined, 3000)
    assert.deepStrictEqual(write.read(), { status: "ok" })
  })
})

describe("the parts of a process", () => {
  it.effect("are seen for as long as their scope lasts", () =>
    Effect.gen(function* () {
      const parts = makePartStates()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* parts.watch("a", () => ({ status: "ok" }))
          yield* parts.watch("b", () => ({ status: "degraded", reason: "full" }))
          assert.deepStrictEqual(parts.read(), [
            { name: "a", status: "ok" },
            { name: "b", status: "degraded", reason: "full" }
          ])
        })
      )
      assert.deepStrictEqual(parts.read(), [])
    })
  )
})
