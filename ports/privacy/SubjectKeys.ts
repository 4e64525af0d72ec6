import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** The workspace's own keys: for blind indexes, for pseudonyms of ids, for the list of erased subjects. 32 bytes each. */
export type WorkspaceKeyPurpose = "index" | "pseudonym" | "tombstone"

/** Who is erased, in memory, as it is at the moment. Of each subject there is an HMAC under its workspace's key, never the id. */
export interface Tombstones {
  /** How many subjects are erased of each workspace that has any. */
  readonly counts: ReadonlyMap<string, number>
  readonly has: (workspace: string, subject: string) => boolean
}

/**
 * Data keys of subjects (AES-256, 32 bytes), each stored wrapped under its workspace's key.
 *
 * `getOrCreate` answers a key for every subject once new ones are durable (one durable write for all; of
 * no subjects: whether one could be made durable). Two callers get the same key. A destroyed key is gone for good: its subject is on the tombstone list and appears in `erased`.
 */
export class SubjectKeys extends Context.Service<
  SubjectKeys,
  {
    readonly getOrCreate: (
      workspace: WorkspaceId,
      subjects: ReadonlyArray<string>
    ) => Effect.Effect<
      { readonly keys: ReadonlyMap<string, Uint8Array>; readonly erased: ReadonlySet<string> },
      PortFailure
    >
    /** Only keys that exist. */
    readonly get: (
      workspace: WorkspaceId,
      subjects: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Uint8Array>, PortFailure>
    /** Puts the subjects on the tombstone list as well, whether they had keys or not. */
    readonly destroy: (workspace: WorkspaceId, subjects: ReadonlyArray<string>) => Effect.Effect<void, PortFailure>
    /** From the moment that `destroy` ends a subject is on it, after a restart too. */
    readonly tombstones: Tombstones
    /** Made at the first call, the same ever after. */
    readonly workspaceKey: (
      workspace: WorkspaceId,
      purpose: WorkspaceKeyPurpose
    ) => Effect.Effect<Uint8Array, PortFailure>
    /**
     * Wraps the keys of every workspace anew under the newest root key, while other calls go on; data and subject keys
     * are not rewritten. Answers how many keys it wrapped. Where it fails, old wraps still open: call it again.
     */
    readonly rotateRoot: Effect.Effect<number, PortFailure>
  }
>()("ports/privacy/SubjectKeys") {}
