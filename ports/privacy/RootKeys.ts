import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/**
 * Wraps and unwraps 32-byte keys under the root key of the installation (master key file, or KMS), bound to the
 * workspace as context. The wrapped form names the root key's version, so that a rotated root still unwraps old keys.
 */
export class RootKeys extends Context.Service<
  RootKeys,
  {
    readonly wrap: (workspace: WorkspaceId, key: Uint8Array) => Effect.Effect<string, PortFailure>
    /** Makes a new root key, which wraps from now on; what older ones wrapped still unwraps. Answers its version. */
    readonly rotate: Effect.Effect<string, PortFailure>
    readonly unwrap: (workspace: WorkspaceId, wrapped: string) => Effect.Effect<Uint8Array, PortFailure>
  }
>()("ports/privacy/RootKeys") {}
