import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"

/** Lets through who may read personal data, once the audit log says so. */
export const permitPersonalData = Effect.fnUntraced(function* (
  actor: Actor & { readonly mayReadPersonalData: boolean },
  target: string,
  subjects: ReadonlyArray<string> = []
) {
  if (!actor.mayReadPersonalData) {
    return yield* new Refused({
      kind: "forbidden",
      detail: "personal data needs the scope pii:read",
      errors: [{ pointer: "/personal_data", code: "forbidden", detail: "needs the scope pii:read" }]
    })
  }
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const record = yield* auditOf(actor, now, "personal_data.read", target, undefined, undefined, subjects)
  yield* documents
    .commit(actor.workspace, { writes: [], audit: [record] })
    .pipe(Effect.catchTag(["StaleRevision", "DuplicateKey"], (conflict) => Effect.die(conflict)))
})
