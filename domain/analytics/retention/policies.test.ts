import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteDocumentStore from "../../../adapters/sqlite/DocumentStore.ts"
import { retainingWorkspaces, retentionPolicies } from "../../../ports/analytics/RetentionPolicy.ts"
import { Collections, DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { everywhere } from "../../platform/installation.ts"
import { createPolicy } from "./policies.ts"

const workspace = WorkspaceId.make("default")
const actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const layer = () =>
  Layer.merge(
    Layer.provide(
      SqliteDocumentStore.layer({ file: join(mkdtempSync(join(tmpdir(), "policies-")), "documents.sqlite") }),
      Layer.succeed(Collections, [retainingWorkspaces, retentionPolicies.collection])
    ),
    NodeCrypto.layer
  )
const retaining = Effect.flatMap(DocumentStore, (documents) =>
  Effect.map(documents.get(everywhere, retainingWorkspaces.name, workspace), (found) => found?.data)
)

describe("a retention policy", () => {
  it.effect("leaves what is known of its workspace, so that lines which are due still go from the log", () =>
    Effect.gen(function* () {
      yield* createPolicy(actor, { name: "One", days: 30, event_types: ["page_view"] })
      assert.deepStrictEqual(yield* retaining, { name: workspace })
      const documents = yield* DocumentStore
      const data = { name: workspace, log_due: true }
      const write = { kind: "put", expected: "any", schema_version: 1, subjects: [], data } as const
      yield* documents.commit(everywhere, {
        writes: [{ ...write, collection: retainingWorkspaces.name, id: workspace }]
      })
      yield* createPolicy(actor, { name: "Two", days: 60, event_types: ["order_completed"] })
      assert.deepStrictEqual(yield* retaining, data)
    }).pipe(Effect.provide(layer()))
  )
})
