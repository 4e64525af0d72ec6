import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { production } from "../../ports/experiments/Flag.ts"
import { FlagSnapshots } from "../../ports/experiments/FlagSnapshots.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import type { Actor } from "../platform/audit.ts"
import { createDefaultWorkspace } from "../platform/workspaces.ts"
import { definitionsWorld } from "./testing/definitionsWorld.ts"
import { createFlag } from "./workflows/flags.ts"

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const load = Effect.flatMap(FlagSnapshots, (snapshots) => snapshots.load(workspace, production))

describe("snapshots of flags", () => {
  it.effect("are read and compiled once for all who ask at the same time", () =>
    Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* createFlag(actor, { key: "checkout", type: "boolean" })
      const loaded = yield* Effect.all(
        Array.from({ length: 64 }, () => load),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(loaded[0]?.keys, ["checkout"])
      assert.strictEqual(new Set(loaded).size, 1)
      assert.strictEqual(yield* load, loaded[0])
    }).pipe(Effect.provide(definitionsWorld))
  )

  it.effect("come for the others where the first who asked has gone", () =>
    Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* createFlag(actor, { key: "checkout", type: "boolean" })
      const first = yield* Effect.forkChild(load, { startImmediately: true })
      const second = yield* Effect.forkChild(load, { startImmediately: true })
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual((yield* Fiber.join(second))?.keys, ["checkout"])
    }).pipe(Effect.provide(definitionsWorld))
  )

  it.effect("have a change that came while they were read", () =>
    Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* createFlag(actor, { key: "checkout", type: "boolean" })
      const before = yield* Effect.forkChild(load, { startImmediately: true })
      yield* createFlag(actor, { key: "search", type: "boolean" })
      assert.deepStrictEqual((yield* load)?.keys.toSorted(), ["checkout", "search"])
      yield* Fiber.join(before)
      assert.deepStrictEqual((yield* load)?.keys.toSorted(), ["checkout", "search"])
    }).pipe(Effect.provide(definitionsWorld))
  )
})
