import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { AnalyticsEvent } from "./AnalyticsEvent.ts"

/** Most events of one call. */
export const intakeEventsMax = 1000

/**
 * The way in for events that the product itself makes (exposures, sends, redemptions): the same steps as for those of
 * clients, but that their ids may be UUIDs of any version and they need no session. Answers once they are durable; may
 * be repeated, for an event counts once by its id. What is dropped (bots, erased people) is counted with the others.
 */
export class EventIntake extends Context.Service<
  EventIntake,
  {
    readonly record: (workspace: WorkspaceId, events: ReadonlyArray<AnalyticsEvent>) => Effect.Effect<void, PortFailure>
  }
>()("ports/analytics/EventIntake") {}
