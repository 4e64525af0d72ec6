import { Clock, Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../ports/documents/DocumentStore.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { everywhere } from "./installation.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** What changed of late in keys and workspaces of the whole installation: processes forget the proofs that rest on it. */
export const collection: Collection = {
  name: "identity_changes",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "changed_at", direction: "descending" }]
}
export const topic = "identity"

/** Far longer than any process needs to hear of a change. */
const keptMillis = 3_600_000

export interface IdentityChange {
  readonly workspace: WorkspaceId
  /** `null`: the workspace itself, and so all of its keys. */
  readonly key_id: string | null
  /** ms UTC */
  readonly changed_at: number
}

const announce = Effect.fnUntraced(function* (workspace: WorkspaceId, keyId: string | null) {
  const documents = yield* DocumentStore
  const notices = yield* ChangeNotices
  const changed_at = yield* Clock.currentTimeMillis
  const change: IdentityChange = { workspace, key_id: keyId, changed_at }
  yield* withoutConflict(
    documents.commit(everywhere, {
      writes: [
        {
          kind: "put",
          collection: collection.name,
          id: keyId === null ? workspace : `${workspace}.${keyId}`,
          expected: "any",
          schema_version: 1,
          subjects: [],
          expires_at: changed_at + keptMillis,
          data: change
        }
      ]
    })
  )
  yield* notices.publish({ workspace, topic, revision: changed_at })
})

/**
 * A commit that changes what tokens prove. It is announced before, so that no process misses it though this one ends
 * right behind the commit; and after, so that it counts at once.
 */
export const announced = <A, E, R>(
  workspace: WorkspaceId,
  keyId: string | null,
  commit: Effect.Effect<A, E, R>
): Effect.Effect<A, E | PortFailure, R | DocumentStore | ChangeNotices> =>
  Effect.andThen(
    announce(workspace, keyId),
    Effect.tap(commit, () => Effect.ignore(announce(workspace, keyId)))
  )

/** Changes since the time, newest first. */
export const changesSince = Effect.fnUntraced(function* (sinceMillis: number) {
  const documents = yield* DocumentStore
  const found: Array<IdentityChange> = []
  let cursor: string | undefined
  do {
    const page = yield* documents
      .list({ workspace: everywhere, collection: collection.name, index: "by_time", equals: [], limit: 100, cursor })
      .pipe(Effect.catchTag("InvalidCursor", (invalid) => Effect.die(invalid)))
    const recent = page.items
      .map((item) => item.data as IdentityChange)
      .filter((each) => each.changed_at >= sinceMillis)
    found.push(...recent)
    cursor = recent.length === page.items.length ? page.next : undefined
  } while (cursor !== undefined)
  return found
})
