import { Context } from "effect"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { Assignment, Compared, HeldOut } from "./Evaluation.ts"

/** Exposures of one workspace that wait to be written; one more is counted as lost, by experiment and variant. */
export const exposuresWaitingMax = 50_000
/** How long one waits at the most while the log takes events: so much is lost to a process that is killed. */
export const exposureDelayMillis = 100
/** How long those of a workspace are remembered that shows nobody anything. */
export const exposuresIdleMillis = 15 * 60_000
/** Exposures of one workspace remembered as written, so that an evaluation that repeats one costs no event. */
export const exposuresRememberedMax = 200_000

/** Who was exposed. */
export interface ExposedUnit {
  readonly workspace: WorkspaceId
  /** What the caller said of the unit: its ids, and user agent and address where given. */
  readonly attributes: Readonly<Record<string, unknown>>
}

/**
 * Exposures become events off the request's path: one per unit × experiment × phase × variant, at the time of the first
 * evaluation. An orderly stop loses none.
 */
export class Exposures extends Context.Service<
  Exposures,
  {
    readonly note: (
      unit: ExposedUnit,
      seen: { readonly assignment: Assignment | null; readonly heldOut: HeldOut | null; readonly compared: Compared }
    ) => void
  }
>()("ports/experiments/Exposures") {}
