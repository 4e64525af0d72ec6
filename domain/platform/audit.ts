import { randomUUID } from "node:crypto"
import type { AuditRecord } from "../../ports/platform/AuditLog.ts"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** Who does something, as the audit log names them. */
export interface Actor {
  readonly workspace: WorkspaceId
  readonly keyId: string
  /** Cut address. */
  readonly from: string | undefined
  readonly requestId: string
  /** Where the caller asked that this be done once. */
  readonly idempotency?: IdempotencyMark | undefined
}

/** A record to commit together with the change that it speaks of. */
export const auditOf = (
  actor: Actor,
  at: number,
  action: string,
  target: string,
  before?: unknown,
  after?: unknown
): { readonly id: string; readonly data: AuditRecord; readonly subjects: ReadonlyArray<string> } => {
  const id = randomUUID()
  return {
    id,
    subjects: [],
    data: {
      id,
      at,
      actor: actor.keyId,
      action,
      target,
      ...(actor.from === undefined ? {} : { from: actor.from }),
      request_id: actor.requestId,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after })
    }
  }
}
