import { Clock, Context, Effect } from "effect"
import type { ErasedStore, ErasureReceipt } from "../../../ports/analytics/Erasure.ts"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import type { ErasedLines } from "../../../ports/analytics/EventLog.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { everywhere } from "../../platform/installation.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { isErasedLine } from "../../privacy/erasedLines.ts"
import { awaitingRewriting, erasureReceipts, receiptWrite, signedReceipt } from "./erasureReceipts.ts"
import type { AwaitingRewriting } from "./erasureReceipts.ts"

/**
 * Time from an erasure to the rewriting of the log, ms: lines that were on their way when it came are in by then, and
 * erasures of that time are done in one walk.
 */
export const RewritingDelay = Context.Reference<number>("domain/analytics/RewritingDelay", {
  defaultValue: () => 10 * 60_000
})

const oldest = Effect.gen(function* () {
  const documents = yield* DocumentStore
  const page = yield* documents
    .list({
      workspace: everywhere,
      collection: awaitingRewriting.name,
      index: "by_time",
      equals: [],
      limit: listLimitMax
    })
    .pipe(Effect.catchTag("InvalidCursor", Effect.die))
  return page.items.map(({ data }) => data as AwaitingRewriting)
})

/**
 * Overwrites the lines of everybody who is erased, once for all erasures that wait, and says so in their receipts. What
 * breaks off is done again; in the first round of a process nothing is on its way, so all of them are due.
 */
export const rewriteLog = Effect.fnUntraced(function* (isFirst: boolean) {
  const dueBefore = (yield* Clock.currentTimeMillis) - (isFirst ? 0 : yield* RewritingDelay)
  const isDue = ({ accepted_at }: AwaitingRewriting) => accepted_at <= dueBefore
  if (!(yield* oldest).some(isDue)) return
  const { tombstones } = yield* SubjectKeys
  const done = yield* (yield* EventLog).erase((line) => isErasedLine(line, tombstones))
  for (;;) {
    const due = (yield* oldest).filter(isDue)
    for (const erasure of due) yield* complete(erasure, done)
    if (due.length === 0) return
  }
})

const complete = Effect.fnUntraced(function* ({ id, workspace }: AwaitingRewriting, done: ErasedLines) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, erasureReceipts.name, id)
  if (found !== undefined) {
    const at = instant(yield* Clock.currentTimeMillis)
    const { signed: _, ...receipt } = found.data as ErasureReceipt
    const stores = receipt.stores.map((store) =>
      store.store === "event_log" ? { ...store, ...rewritten(done, at) } : store
    )
    const write = receiptWrite(yield* signedReceipt({ ...receipt, completed_at: at, stores }))
    yield* withoutConflict(documents.commit(workspace, { writes: [write] }))
  }
  yield* withoutConflict(
    documents.commit(everywhere, {
      writes: [{ kind: "delete", collection: awaitingRewriting.name, id, expected: "any" }]
    })
  )
})

const instant = (millis: number): string => new Date(millis).toISOString()

const rewritten = (done: ErasedLines, at: string): Partial<ErasedStore> =>
  done.kind === "rewritten"
    ? { at, rewritten_at: at, what: "files of the log that held the person's lines rewritten without them" }
    : { what: `cannot be rewritten: its lines go after ${done.daysMax} days at the most` }
