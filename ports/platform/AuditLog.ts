import type { Effect } from "effect"
import { Context } from "effect"
import type { InvalidCursor } from "../documents/DocumentStore.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

export interface AuditRecord {
  readonly id: string
  /** ms UTC */
  readonly at: number
  /** Key id (`jti`) or subject of the token. */
  readonly actor: string
  /** `key.created`, `settings.changed`, … */
  readonly action: string
  /** `collection/id` */
  readonly target: string
  /** Cut client address (/24, /48), never the whole one. */
  readonly from?: string
  readonly request_id: string
  /** Personal data masked by the writer. */
  readonly before?: unknown
  readonly after?: unknown
}

export interface AuditFilter {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  /** What the target begins with. */
  readonly targetPrefix?: string | undefined
  /** ms UTC: from this instant on, and before that one. */
  readonly fromMillis?: number | undefined
  readonly toMillis?: number | undefined
}

/** Records that one page looks at for a target; a page may be short, or empty, though more lie behind it. */
export const auditScannedMax = 2000

/**
 * Who changed what, append-only. Changes of documents write theirs in the same transaction (`Commit.audit`, data is an
 * {@link AuditRecord}); `append` is for what changes no document (reading clear personal data).
 */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    readonly append: (workspace: WorkspaceId, record: AuditRecord) => Effect.Effect<void, PortFailure>
    /** Newest first. */
    readonly list: (
      request: AuditFilter & {
        readonly workspace: WorkspaceId
        readonly limit: number
        readonly cursor?: string | undefined
      }
    ) => Effect.Effect<
      { readonly items: ReadonlyArray<AuditRecord>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
  }
>()("ports/platform/AuditLog") {}
