import { Effect } from "effect"
import type { ErasureReceipt } from "../../../ports/analytics/Erasure.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { ReceiptKey } from "../../../ports/privacy/ReceiptKey.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { signReceipt } from "../../privacy/receipts.ts"

/** Receipts of a workspace's erasures. They name nobody. */
export const erasureReceipts: Collection = {
  name: "erasure_receipts",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "requested_at", direction: "descending" }]
}

/** Erasures of every workspace that the log is not rewritten for yet. */
export const awaitingRewriting: Collection = {
  name: "awaiting_rewriting",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "accepted_at", direction: "ascending" }]
}

export interface AwaitingRewriting {
  readonly id: string
  readonly workspace: WorkspaceId
  readonly accepted_at: number
}

const put = (collection: Collection, id: string, data: unknown): DocumentWrite => ({
  kind: "put",
  collection: collection.name,
  id,
  expected: "any",
  schema_version: 1,
  subjects: [],
  data
})

export const receiptWrite = (receipt: ErasureReceipt) => put(erasureReceipts, receipt.id, receipt)
export const awaitingWrite = (erasure: AwaitingRewriting) => put(awaitingRewriting, erasure.id, erasure)

export const signedReceipt = Effect.fnUntraced(function* (receipt: Omit<ErasureReceipt, "signed">) {
  const pairs = yield* (yield* ReceiptKey).pairs
  const answer: ErasureReceipt = {
    ...receipt,
    signed: yield* Effect.promise(() => signReceipt(pairs, receipt))
  }
  return answer
})

/** As it stands now: signed anew when the log was rewritten. */
export const readReceipt = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const found = yield* (yield* DocumentStore).get(workspace, erasureReceipts.name, id)
  if (found !== undefined) return found.data as ErasureReceipt
  return yield* new Refused({ kind: "not-found", detail: `there is no erasure ${id}`, errors: [] })
})

/** Newest first. */
export const listReceipts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const { items, next } = yield* (yield* DocumentStore).list({
    workspace,
    collection: erasureReceipts.name,
    index: "by_time",
    equals: [],
    limit,
    cursor
  })
  return { items: items.map(({ data }) => data as ErasureReceipt), next: next ?? null }
})
