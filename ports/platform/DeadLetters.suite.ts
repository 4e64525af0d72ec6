import { assert, layer as layerOf } from "@effect/vitest"
import { Clock, Effect } from "effect"
import type { Layer } from "effect"
import { TestClock } from "effect/testing"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { DeadLetters } from "./DeadLetters.ts"
import type { RevisedLetter, DeadLetter } from "./DeadLetters.ts"

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
          Effect.map(letters.list({ workspace, state: "waiting", consumer, limit: 10 }), ({ items }) =>
            items.map(({ id }) => id)
          )
        assert.deepStrictEqual(yield* ids(), ["c", "b", "a"])
        assert.deepStrictEqual(yield* ids("index"), ["c", "a"])
        assert.deepStrictEqual(yield* letters.get(workspace, "b"), {
          letter: letter("b", 2, { consumer: "live" }),
          revision: 1
        })
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
        const { items } = yield* letters.list({ workspace, state: "waiting", limit: 10 })
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
        assert.deepStrictEqual((yield* letters.list({ workspace, state: "waiting", limit: 10 })).items, [])
      })
    )

    it.effect("lists by reason, and by consumer and reason", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("reasons")
        yield* letters.add(workspace, [
          letter("a", 1),
          letter("b", 2, { reason: "too_long" }),
          letter("c", 3, { consumer: "live", reason: "too_long" })
        ])
        const ids = (filter: { consumer?: string; reason?: string }) =>
          Effect.map(letters.list({ workspace, state: "waiting", limit: 10, ...filter }), ({ items }) =>
            items.map(({ id }) => id)
          )
        assert.deepStrictEqual(yield* ids({ reason: "too_long" }), ["c", "b"])
        assert.deepStrictEqual(yield* ids({ consumer: "index", reason: "too_long" }), ["b"])
      })
    )

    it.effect("gives a letter to one of many who claim it, and to another once the claim has run out", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("claims")
        yield* letters.add(workspace, [letter("a", 1)])
        const now = yield* Clock.currentTimeMillis
        const claim = letters.claim(workspace, "a", now + 1000)
        const claims = yield* Effect.all(
          Array.from({ length: 20 }, () => claim),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(claims.filter((each) => typeof each === "object").length, 1)
        assert.strictEqual(claims.filter((each) => each === "claimed").length, 19)
        yield* TestClock.adjust("1 second")
        assert.isObject(yield* claim)
        assert.strictEqual(yield* letters.claim(workspace, "never there", now), "missing")
      })
    )

    it.effect("shows a settled letter as redriven, and lets one that was not redriven wait again", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const workspace = WorkspaceId.make("settled")
        yield* letters.add(workspace, [letter("a", 1)])
        const until = (yield* Clock.currentTimeMillis) + 1000
        const claimed = (found: RevisedLetter | string): RevisedLetter =>
          typeof found === "string" ? assert.fail(found) : found
        yield* letters.settle(workspace, claimed(yield* letters.claim(workspace, "a", until)), undefined)
        const again = claimed(yield* letters.claim(workspace, "a", until))
        yield* letters.settle(workspace, again, until)
        const list = (state: "waiting" | "redriven") =>
          Effect.map(letters.list({ workspace, state, limit: 10 }), ({ items }) => items)
        assert.deepStrictEqual(yield* list("waiting"), [])
        assert.deepStrictEqual(yield* list("redriven"), [letter("a", 1, { redriven_at: until })])
        assert.strictEqual(yield* letters.claim(workspace, "a", until), "redriven")
      })
    )

    for (const first of ["settled", "added"] as const) {
      it.effect(`keeps a letter that fails again, with one attempt more (${first} first)`, () =>
        Effect.gen(function* () {
          const letters = yield* DeadLetters
          const workspace = WorkspaceId.make(`again-${first}`)
          yield* letters.add(workspace, [letter("a", 1)])
          const now = yield* Clock.currentTimeMillis
          const claimed = yield* letters.claim(workspace, "a", now + 1000)
          if (typeof claimed === "string") return assert.fail(claimed)
          const settle = letters.settle(workspace, claimed, now)
          const add = letters.add(workspace, [letter("a", 2)])
          yield* first === "settled" ? Effect.andThen(settle, add) : Effect.andThen(add, settle)
          assert.deepStrictEqual((yield* letters.get(workspace, "a"))?.letter, letter("a", 2, { attempts: 2 }))
          assert.isObject(yield* letters.claim(workspace, "a", now + 1000))
        })
      )
    }
  })
}
