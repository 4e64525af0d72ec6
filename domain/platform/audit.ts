import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { AuditRecord } from "../../ports/platform/AuditLog.ts"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { masked } from "./masked.ts"

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

export interface AuditEntry {
  readonly id: string
  readonly data: AuditRecord
  readonly subjects: ReadonlyArray<string>
}

/** A record to commit together with the change that it speaks of; personal data in it is masked. */
export const auditOf = Effect.fnUntraced(function* (
  actor: Actor,
  at: number,
  action: string,
  target: string,
  before?: unknown,
  after?: unknown,
  /** People that the record names. */
  subjects: ReadonlyArray<string> = []
) {
  const id = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
  const entry: AuditEntry = {
    id,
    subjects,
    data: {
      id,
      at,
      actor: actor.keyId,
      action,
      target,
      ...(actor.from === undefined ? {} : { from: actor.from }),
      request_id: actor.requestId,
      ...(before === undefined ? {} : { before: masked(before) }),
      ...(after === undefined ? {} : { after: masked(after) })
    }
  }
  return entry
})
