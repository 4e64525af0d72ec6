import { Effect, Option, Stream } from "effect"
import { AuditLog } from "../../ports/platform/AuditLog.ts"
import type { AuditFilter, AuditRecord } from "../../ports/platform/AuditLog.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { parseInstant } from "../zones/instant.ts"

/** A filter as it is asked for: `from` and `to` are ISO 8601 instants with offset, `to` not included. */
export interface AuditQuestion {
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly from?: string
  readonly to?: string
}

export const auditFilterOf = ({
  action,
  actor,
  from,
  target,
  to
}: AuditQuestion): Effect.Effect<AuditFilter, Refused> => {
  const errors = Object.entries({ from, to })
    .filter(([, text]) => text !== undefined && parseInstant(text) === undefined)
    .map(([name]) => ({
      pointer: `/${name}`,
      code: "not_an_instant",
      detail: "must be an ISO 8601 date and time with offset"
    }))
  if (errors.length > 0) return new Refused({ kind: "bad-request", detail: "the filter is not valid", errors })
  const millis = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text))
  return Effect.succeed({ actor, action, targetPrefix: target, fromMillis: millis(from), toMillis: millis(to) })
}

const exportPageRecords = 100

/** Every record, newest first, a page in memory at a time. */
export const exportAudit = (
  workspace: WorkspaceId,
  filter: AuditFilter
): Effect.Effect<Stream.Stream<AuditRecord, PortFailure>, never, AuditLog> =>
  Effect.map(AuditLog, (audit) => {
    const pageFrom = (cursor: string | undefined) =>
      audit.list({ workspace, limit: exportPageRecords, cursor, ...filter }).pipe(
        Effect.catchTag("InvalidCursor", (invalid) => Effect.die(invalid)),
        Effect.map(({ items, next }) => [items, next === undefined ? Option.none() : Option.some(next)] as const)
      )
    return Stream.paginate(undefined as string | undefined, pageFrom)
  })
