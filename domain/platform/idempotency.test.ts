import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Latch } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as sqlite from "../../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import type { Actor } from "./audit.ts"
import { idempotencyMillis, once } from "./idempotency.ts"
import type { Remember } from "./idempotency.ts"

const collection = { name: "things", indexes: [], unique: [] }
const documents = () =>
  sqlite
    .layer({ file: join(mkdtempSync(join(tmpdir(), "documents-")), "documents.sqlite") })
    .pipe(Layer.provide(Layer.succeed(Collections, [collection])))

const actorWith = (id: string, fingerprint = "same") => {
  const replays: Array<string> = []
  const actor: Actor = {
    workspace: WorkspaceId.make("default"),
    keyId: "key",
    from: undefined,
    requestId: "request",
    idempotency: { id, fingerprint, onReplay: () => void replays.push(id) }
  }
  return { actor, replays }
}

interface Thing {
  readonly number: number
}

const makeThing =
  (number: number, before: Effect.Effect<void> = Effect.void) =>
  (remember: Remember<Thing>) =>
    Effect.gen(function* () {
      const store = yield* DocumentStore
      yield* before
      const thing = { number }
      yield* store.commit(WorkspaceId.make("default"), {
        writes: [
          {
            kind: "put",
            collection: collection.name,
            id: String(number),
            expected: 0,
            schema_version: 1,
            subjects: [],
            data: thing
          }
        ],
        ...remember(thing)
      })
      return thing
    })
const thing = (number: number) =>
  Effect.flatMap(DocumentStore, (store) => store.get(WorkspaceId.make("default"), collection.name, String(number)))

describe("once", () => {
  it.effect("gives the first answer again and does nothing the second time, for 24 hours", () =>
    Effect.gen(function* () {
      const { actor, replays } = actorWith("a")
      assert.deepStrictEqual(yield* once(actor, makeThing(1)), { number: 1 })
      assert.deepStrictEqual(replays, [])
      yield* TestClock.adjust(idempotencyMillis - 1)
      assert.deepStrictEqual(yield* once(actor, makeThing(2)), { number: 1 })
      assert.deepStrictEqual(replays, ["a"])
      assert.isUndefined(yield* thing(2))
      yield* TestClock.adjust(2)
      assert.deepStrictEqual(yield* once(actor, makeThing(3)), { number: 3 })
    }).pipe(Effect.provide(documents()))
  )

  it.effect("refuses the same key with another request", () =>
    Effect.gen(function* () {
      yield* once(actorWith("a").actor, makeThing(1))
      const refused = yield* Effect.flip(once(actorWith("a", "other").actor, makeThing(2)))
      assert.instanceOf(refused, Refused)
      assert.strictEqual((refused as Refused).kind, "unprocessable")
      assert.isUndefined(yield* thing(2))
    }).pipe(Effect.provide(documents()))
  )

  it.effect("remembers what the state did not allow, not what was not valid", () =>
    Effect.gen(function* () {
      const refuse = (kind: "conflict" | "bad-request") => () =>
        Effect.fail(new Refused({ kind, detail: "no", errors: [] }))
      const { actor, replays } = actorWith("a")
      yield* Effect.flip(once(actor, refuse("conflict")))
      const again = yield* Effect.flip(once(actor, makeThing(1)))
      assert.deepInclude(again, { kind: "conflict", detail: "no" })
      assert.deepStrictEqual(replays, ["a"])
      const other = actorWith("b").actor
      yield* Effect.flip(once(other, refuse("bad-request")))
      assert.deepStrictEqual(yield* once(other, makeThing(1)), { number: 1 })
    }).pipe(Effect.provide(documents()))
  )

  it.effect("answers two at once, as two processes would, with the answer of the first to commit", () =>
    Effect.gen(function* () {
      const latch = yield* Latch.make()
      const slow = actorWith("a")
      const fiber = yield* Effect.forkChild(once(slow.actor, makeThing(1, latch.await)))
      yield* Effect.yieldNow
      assert.deepStrictEqual(yield* once(actorWith("a").actor, makeThing(2)), { number: 2 })
      yield* latch.open
      assert.deepStrictEqual(yield* Fiber.join(fiber), { number: 2 })
      assert.deepStrictEqual(slow.replays, ["a"])
      assert.isUndefined(yield* thing(1))
    }).pipe(Effect.provide(documents()))
  )
})
