import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { DeadLetters } from "./DeadLetters.ts"
import type { DeadLetter } from "./DeadLetters.ts"

const letter = (id: string, failedAt: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  id,
  consumer: "index",
  reason: "malformed_line",
  detail: "no JSON",
  line: "{",
  failed_at: failedAt,
  attempts: 1,
  ...more
})

/** The promises of DeadLetters, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<DeadLetters, PortFailure>): void => {
  layerOf(layer())(`DeadLetters: ${name}`, (it) => {
    it.effect("keeps letters until they are removed, newest first, by consumer", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("one")
        yield* letters.add(workspace, [letter("a", 1), letter("b", 2, { consumer: "live" }), letter("c", 3)])
        const ids = (consumer?: string) =>
          Effect.map(letters.list({ workspace, consumer, limit: 10 }), ({ items }) => items.map(({ id }) => id))
        assert.deepStrictEqual(yield* ids(), ["c", "b", "a"])
        assert.deepStrictEqual(yield* ids("index"), ["c", "a"])
        assert.deepStrictEqual(yield* letters.get(workspace, "b"), letter("b", 2, { consumer: "live" }))
        yield* letters.remove(workspace, ["c", "never there"])
        assert.deepStrictEqual(yield* ids(), ["b", "a"])
        assert.isUndefined(yield* letters.get(WorkspaceId.make("other"), "a"))
      })
    )

    it.effect("keeps one letter per id, the last", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("again")
        yield* letters.add(workspace, [letter("a", 1)])
        yield* letters.add(workspace, [letter("a", 2, { attempts: 2 })])
        const { items } = yield* letters.list({ workspace, limit: 10 })
        assert.deepStrictEqual(items, [letter("a", 2, { attempts: 2 })])
      })
    )

    it.effect("takes and removes any number at once", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("many")
        const many = Array.from({ length: 250 }, (_, index) => letter(`l${index}`, index))
        yield* letters.add(workspace, many)
        assert.isDefined(yield* letters.get(workspace, "l249"))
        yield* letters.remove(
          workspace,
          many.map(({ id }) => id)
        )
        assert.deepStrictEqual((yield* letters.list({ workspace, limit: 10 })).items, [])
      })
    )
  })
}
