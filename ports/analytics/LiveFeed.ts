import type { Effect, Scope, Stream } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** What a watcher sees of an event: no personal data, no properties. */
export interface LiveEvent {
  readonly event_id: string
  readonly event_type: string
  /** Subject as stored: user id where there is one, else the anonymous id. */
  readonly subject: string
  readonly time: number
  readonly received_at: number
  readonly path?: string
  readonly source?: string
  readonly country?: string
}

export interface ActiveUsers {
  readonly people: number
  readonly window_minutes: number
  readonly by_page: ReadonlyArray<{ readonly value: string; readonly people: number }>
  readonly by_source: ReadonlyArray<{ readonly value: string; readonly people: number }>
  readonly by_country: ReadonlyArray<{ readonly value: string; readonly people: number }>
}

/** Events a slow watcher may lag behind before it is dropped. */
export const watcherLagMax = 1000

/**
 * The last minutes of every workspace. `publish` never waits for a watcher. Best effort: what is published while a
 * process is down is not shown later; counting of people is exact within one process's window.
 */
export class LiveFeed extends Context.Service<
  LiveFeed,
  {
    readonly publish: (workspace: WorkspaceId, events: ReadonlyArray<LiveEvent>) => Effect.Effect<void, PortFailure>
    /** Events from now on. The stream fails with `reason: "overloaded"` once the watcher lags {@link watcherLagMax} behind. */
    readonly watch: (
      workspace: WorkspaceId
    ) => Effect.Effect<Stream.Stream<LiveEvent, PortFailure>, PortFailure, Scope.Scope>
    /** Distinct subjects with an event received in the last `windowMinutes` (1 to 30); lists hold the top 25. */
    readonly activeUsers: (workspace: WorkspaceId, windowMinutes: number) => Effect.Effect<ActiveUsers, PortFailure>
  }
>()("ports/analytics/LiveFeed") {}
