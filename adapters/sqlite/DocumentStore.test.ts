import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../ports/documents/DocumentStore.ts"
import { suite, suiteCollections } from "../../ports/documents/DocumentStore.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { layer } from "./DocumentStore.ts"

const freshFile = (): string => join(mkdtempSync(join(tmpdir(), "documents-")), "documents.sqlite")
const store = (file: string, collections: ReadonlyArray<Collection> = suiteCollections) =>
  Layer.provide(layer({ file }), Layer.succeed(Collections, collections))

suite("sqlite", () => store(freshFile()))

describe("sqlite DocumentStore", () => {
  it.effect("keeps documents over a restart and builds an index that was declared since", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const workspace = WorkspaceId.make("one")
      const bare: Collection = { name: "things", indexes: [], unique: [] }
      yield* Effect.flatMap(DocumentStore, (documents) =>
        documents.commit(workspace, {
          writes: ["b", "a"].map((id) => ({
            kind: "put",
            collection: "things",
            id,
            expected: 0,
            schema_version: 1,
            subjects: [],
            data: { status: "on", rank: id }
          }))
        })
      ).pipe(Effect.provide(store(file, [bare])))
      const found = yield* Effect.flatMap(DocumentStore, (documents) =>
        documents.list({ workspace, collection: "things", index: "by_rank", equals: ["on"], limit: 10 })
      ).pipe(Effect.provide(store(file)))
      assert.deepStrictEqual(
        found.items.map((item) => item.id),
        ["a", "b"]
      )
    })
  )
})
