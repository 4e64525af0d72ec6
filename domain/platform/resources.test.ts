import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteDocumentStore from "../../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { resource, resourceDocumentsMax } from "../../ports/documents/Resource.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { createItem, removeItem } from "./resources.ts"

const workspace = WorkspaceId.make("shop")
const actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const notes = resource({
  name: "notes",
  singular: "note",
  identifier: "Note",
  fields: { text: Schema.String },
  example: { text: "a" }
})
const layer = () =>
  Layer.merge(
    Layer.provide(
      SqliteDocumentStore.layer({ file: join(mkdtempSync(join(tmpdir(), "resources-")), "documents.sqlite") }),
      Layer.succeed(Collections, [notes.collection])
    ),
    NodeCrypto.layer
  )

describe("documents of a resource", () => {
  it.effect("are limited in a workspace, and one that goes makes room", () =>
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      const first = yield* createItem(notes, actor, { text: "first" })
      const page = 99
      for (let made = 1; made < resourceDocumentsMax - 1;) {
        const count = Math.min(page, resourceDocumentsMax - 1 - made)
        const writes = Array.from({ length: count }, (_, each) => {
          const id = `note-${made + each}`
          const write = { kind: "put", collection: "notes", expected: 0, schema_version: 1, subjects: [] } as const
          return { ...write, id, data: { id, text: "more", created_at: 1 } }
        })
        yield* documents.commit(workspace, { writes })
        made += count
      }
      yield* createItem(notes, actor, { text: "last" })
      const refused = yield* Effect.flip(createItem(notes, actor, { text: "too many" }))
      assert.deepInclude(refused, { _tag: "Refused", kind: "conflict" })
      assert.include("detail" in refused ? refused.detail : "", String(resourceDocumentsMax))
      const elsewhere = { ...actor, workspace: WorkspaceId.make("other") }
      yield* createItem(notes, elsewhere, { text: "of another workspace" })
      yield* removeItem(notes, actor, first.id, 1)
      yield* createItem(notes, actor, { text: "in its place" })
    }).pipe(Effect.provide(layer()))
  )
})
