import { assert, describe, it } from "@effect/vitest"
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { annotationCollection, annotations, changeNotesMax } from "../../ports/analytics/Annotation.ts"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { createAnnotation } from "../analytics/workflows/annotations.ts"
import { questionWorld } from "../analytics/testing/questionWorld.ts"
import { dropOldNotes, noteOfChange } from "./noteOfChange.ts"

describe("notes of changes", () => {
  it.effect(
    "are so many at the most, the oldest go first, and take no place from those of people",
    () =>
      Effect.gen(function* () {
        const workspace = WorkspaceId.make("noted")
        const documents = yield* DocumentStore
        const actor = { workspace, keyId: "key", from: undefined, requestId: "test", subject: "anna" }
        const mine = yield* createAnnotation(actor, { text: "Mine", at: 0 })
        const notes = Array.from({ length: changeNotesMax + 3 }, (_, at) =>
          noteOfChange({ about: "flags/beta", text: "Flag beta changed", at, keyId: "key" })
        )
        for (let at = 0; at < notes.length; at += commitWritesMax)
          yield* documents.commit(workspace, { writes: notes.slice(at, at + commitWritesMax) })
        yield* dropOldNotes(workspace)
        const of = { workspace, collection: annotations.name, index: "by_origin" }
        assert.strictEqual(yield* documents.count({ ...of, equals: ["service"] }), changeNotesMax)
        const { items } = yield* documents.list({ ...of, equals: ["service"], limit: 1 })
        assert.strictEqual((items[0]!.data as { readonly at: number }).at, 3)
        yield* createAnnotation(actor, { text: "Mine too", at: 1 })
        assert.strictEqual(yield* documents.count({ ...of, equals: ["person"] }), 2)
        assert.isDefined(yield* documents.get(workspace, annotations.name, mine.id))
      }).pipe(
        Effect.provide(Layer.mergeAll(questionWorld(undefined, [annotationCollection]), NodeCrypto.layer)),
        Effect.scoped
      ),
    60_000
  )
})
