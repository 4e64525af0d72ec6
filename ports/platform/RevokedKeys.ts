import { Context } from "effect"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** Keys that no longer count, held in memory: a revocation is known within one second. */
export class RevokedKeys extends Context.Service<
  RevokedKeys,
  {
    readonly isRevoked: (workspace: WorkspaceId, keyId: string) => boolean
  }
>()("ports/platform/RevokedKeys") {}
