import { Clock, Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { RootKeys } from "../../ports/privacy/RootKeys.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { onlyForDefault } from "./installation.ts"
import { withoutConflict } from "./withoutConflict.ts"

/**
 * A new root key, and the keys of every workspace wrapped under it, while requests go on; data and subjects' keys are
 * not rewritten. Where it breaks off, old wraps still open, and asking again ends it.
 */
export const rotateRootKey = Effect.fn("rotateRootKey")(function* (actor: Actor) {
  yield* onlyForDefault(actor, "the root key is rotated")
  const roots = yield* RootKeys
  const subjects = yield* SubjectKeys
  const documents = yield* DocumentStore
  const version = yield* roots.rotate
  const rewrapped = yield* subjects.rotateRoot
  const now = yield* Clock.currentTimeMillis
  const record = yield* auditOf(actor, now, "root_key.rotated", `root_keys/${version}`, undefined, {
    version,
    rewrapped
  })
  yield* withoutConflict(documents.commit(actor.workspace, { writes: [], audit: [record] }))
  return { version, rewrapped }
})
