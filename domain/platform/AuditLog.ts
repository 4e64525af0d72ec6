import { Effect, Layer } from "effect"
import { DocumentStore, listLimitMax } from "../../ports/documents/DocumentStore.ts"
import { AuditLog, auditScannedMax } from "../../ports/platform/AuditLog.ts"
import type { AuditFilter, AuditRecord } from "../../ports/platform/AuditLog.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { withoutConflict } from "./withoutConflict.ts"

type ListRequest = Parameters<AuditLog["Service"]["list"]>[0]

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
      list: (request) => {
        const { cursor, limit, targetPrefix = "" } = request
        const page = pageReader(documents, request)
        return targetPrefix === "" ? page(limit, cursor) : scan(page, targetPrefix, limit, cursor)
      }
    })
  )
)

const indexFor = ({ action, actor }: AuditFilter) => {
  if (actor !== undefined && action !== undefined) return { index: "by_actor_and_action", equals: [actor, action] }
  if (actor !== undefined) return { index: "by_actor", equals: [actor] }
  return action === undefined ? { index: "by_time", equals: [] } : { index: "by_action", equals: [action] }
}

const pageReader =
  (documents: DocumentStore["Service"], request: ListRequest & { readonly workspace: WorkspaceId }) =>
  (limit: number, cursor: string | undefined) =>
    Effect.map(
      documents.list({
        workspace: request.workspace,
        collection: "audit",
        ...indexFor(request),
        range: { from: request.fromMillis, to: request.toMillis },
        limit,
        cursor
      }),
      ({ items, next }) => ({ items: items.map((item) => item.data as AuditRecord), next })
    )

/** Reads on until the page is full, the log is at its end, or enough was looked at. */
const scan = Effect.fnUntraced(function* (
  page: ReturnType<typeof pageReader>,
  targetPrefix: string,
  limit: number,
  from: string | undefined
) {
  const found: Array<AuditRecord> = []
  let cursor = from
  for (let scanned = 0; scanned < auditScannedMax; scanned += listLimitMax) {
    const { items, next } = yield* page(listLimitMax, cursor)
    for (const record of items) {
      if (!record.target.startsWith(targetPrefix)) continue
      found.push(record)
      if (found.length === limit) return { items: found, next: yield* cursorBehind(page, record, cursor, items) }
    }
    cursor = next
    if (cursor === undefined) break
  }
  return { items: found, next: cursor }
})

/** The cursor right behind a record of the page that begins at `from`, though new records may have come before it. */
const cursorBehind = Effect.fnUntraced(function* (
  page: ReturnType<typeof pageReader>,
  record: AuditRecord,
  from: string | undefined,
  items: ReadonlyArray<AuditRecord>
) {
  let count = items.indexOf(record) + 1
  for (;;) {
    const again = yield* page(count, from)
    if (again.items.at(-1)?.id === record.id || count >= listLimitMax) return again.next
    count += 1
  }
})
