import { Effect } from "effect"
import type { DuplicateKey, StaleRevision } from "../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"

/** For commits that name no revision and no unique field: a conflict in them is a bug. */
export const withoutConflict = <A, R>(
  commit: Effect.Effect<A, PortFailure | StaleRevision | DuplicateKey, R>
): Effect.Effect<A, PortFailure, R> =>
  Effect.catchTag(commit, ["StaleRevision", "DuplicateKey"], (conflict) => Effect.die(conflict))
