import { Clock, Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"
import { receiptKeySet } from "../privacy/receipts.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { onlyForDefault } from "./installation.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** Public keys of all receipts that were ever signed, the one in use first. */
export const readReceiptKeys = Effect.gen(function* () {
  const pairs = yield* (yield* ReceiptKey).pairs
  return yield* Effect.promise(() => receiptKeySet(pairs))
})

/** Another key signs receipts from now on; those from before stay verifiable. */
export const rotateReceiptKey = Effect.fn("rotateReceiptKey")(function* (actor: Actor) {
  yield* onlyForDefault(actor, "the key of receipts is rotated")
  const pairs = yield* (yield* ReceiptKey).rotate
  const keySet = yield* Effect.promise(() => receiptKeySet(pairs))
  const kid = keySet.keys[0]!.kid
  const now = yield* Clock.currentTimeMillis
  const record = yield* auditOf(actor, now, "receipt_key.rotated", `receipt_keys/${kid}`, undefined, { kid })
  const documents = yield* DocumentStore
  yield* withoutConflict(documents.commit(actor.workspace, { writes: [], audit: [record] }))
  return keySet
})
