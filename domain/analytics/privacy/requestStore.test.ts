import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteDocumentStore from "../../../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { openRequestsMax, privacyRequests } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest } from "../../../ports/privacy/PrivacyRequest.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { putRequest, refuseManyOpen } from "./requestStore.ts"

const workspace = WorkspaceId.make("shop")
const layer = () =>
  Layer.provide(
    SqliteDocumentStore.layer({ file: join(mkdtempSync(join(tmpdir(), "requests-")), "documents.sqlite") }),
    Layer.succeed(Collections, [privacyRequests])
  )

const requestOf = (id: string, status: KeptRequest["status"]): KeptRequest => ({
  id,
  kind: "access",
  person: "ada",
  law: "gdpr",
  reference: null,
  status,
  received_at: 1,
  due_at: 2,
  extended: false,
  verification: null,
  trait_names: [],
  steps: [],
  inventory: null,
  receipt: null,
  completed_at: null,
  available_until: null,
  history: []
})

describe("open privacy requests", () => {
  it.effect("are limited, those alone that are open", () =>
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      const page = 100
      const put = (prefix: string, count: number, status: KeptRequest["status"]) =>
        Effect.forEach(Array.from({ length: count / page }), (_, at) => {
          const ids = Array.from({ length: page }, (__, each) => `${prefix}-${at}-${each}`)
          return documents.commit(workspace, { writes: ids.map((id) => putRequest(requestOf(id, status), 0, [])) })
        })
      yield* put("done", page, "completed")
      yield* put("new", openRequestsMax / 2, "unverified")
      yield* put("under-way", openRequestsMax / 2 - page, "in_progress")
      yield* refuseManyOpen(documents, workspace)
      yield* put("last", page, "in_progress")
      const refused = yield* Effect.flip(refuseManyOpen(documents, workspace))
      assert.deepInclude(refused, { _tag: "Refused", kind: "conflict" })
      const last = requestOf("last-0-0", "withdrawn")
      yield* documents.commit(workspace, { writes: [putRequest(last, 1, [])] })
      yield* refuseManyOpen(documents, workspace)
    }).pipe(Effect.provide(layer()))
  )
})
