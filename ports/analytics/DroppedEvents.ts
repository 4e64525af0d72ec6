import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import { DropReason } from "./IngestReceipt.ts"

/** Days that dropped events are remembered. */
export const droppedDaysMax = 400

export const DroppedCount = Schema.Struct({
  /** YYYY-MM-DD in the workspace's zone. */
  day: Schema.String,
  reason: DropReason,
  events: Schema.Int
})
export type DroppedCount = typeof DroppedCount.Type

/**
 * How many events were answered and not kept, by day and reason. `count` never waits: counts are written
 * every tenth of a second and when the process stops; a process that is killed loses those of the last one.
 */
export class DroppedEvents extends Context.Service<
  DroppedEvents,
  {
    readonly count: (workspace: WorkspaceId, reason: DropReason) => void
    /** Newest day first, most events first; both days included. */
    readonly list: (
      workspace: WorkspaceId,
      from: string,
      to: string
    ) => Effect.Effect<ReadonlyArray<DroppedCount>, PortFailure>
  }
>()("ports/analytics/DroppedEvents") {}
