import { Effect, Layer } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { AuditLog } from "../../ports/platform/AuditLog.ts"
import type { AuditRecord } from "../../ports/platform/AuditLog.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** The audit log as documents of the collection `audit`, which every store holds. */
export const layer: Layer.Layer<AuditLog, never, DocumentStore> = Layer.effect(
  AuditLog,
  Effect.map(DocumentStore, (documents) =>
    AuditLog.of({
      append: (workspace, record) =>
        documents.commit(workspace, { writes: [], audit: [{ id: record.id, data: record, subjects: [] }] }).pipe(
          // The same record, told again after an answer that was lost.
          Effect.catchTag("StaleRevision", () => Effect.void),
          withoutConflict,
          Effect.asVoid
        ),
      list: ({ action, actor, cursor, limit, workspace }) => {
        const [index, equals] =
          actor !== undefined && action !== undefined
            ? ["by_actor_and_action", [actor, action]]
            : actor !== undefined
              ? ["by_actor", [actor]]
              : action !== undefined
                ? ["by_action", [action]]
                : ["by_time", []]
        return documents
          .list({
            workspace,
            collection: "audit",
            index: index as string,
            equals: equals as Array<string>,
            limit,
            cursor
          })
          .pipe(Effect.map(({ items, next }) => ({ items: items.map((item) => item.data as AuditRecord), next })))
      }
    })
  )
)
