import type { Effect, Scope, Stream } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** What a watcher sees of an event: no personal data, no properties. */
export const LiveEvent = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.String,
  /** Subject as stored: user id where there is one, else the anonymous id. */
  subject: Schema.String,
  time: Schema.Int,
  received_at: Schema.Int,
  path: Schema.optionalKey(Schema.String),
  source: Schema.optionalKey(Schema.String),
  country: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "LiveEvent" })
export type LiveEvent = typeof LiveEvent.Type

/** Events a slow watcher may lag behind before it is dropped. */
export const watcherLagMax = 10_000

/**
 * Events of every workspace as they come. `publish` never waits for a watcher. Best effort: what is published while a
 * process is down is not shown later; who was here is a question to the EventStore.
 */
export class LiveFeed extends Context.Service<
  LiveFeed,
  {
    readonly publish: (workspace: WorkspaceId, events: ReadonlyArray<LiveEvent>) => Effect.Effect<void, PortFailure>
    /** False where nobody watches any workspace, so that nobody need publish; true where the engine cannot tell. */
    readonly isWatched: Effect.Effect<boolean, PortFailure>
    /** Events from now on. The stream fails with `reason: "overloaded"` once the watcher lags {@link watcherLagMax} behind. */
    readonly watch: (
      workspace: WorkspaceId
    ) => Effect.Effect<Stream.Stream<LiveEvent, PortFailure>, PortFailure, Scope.Scope>
  }
>()("ports/analytics/LiveFeed") {}
