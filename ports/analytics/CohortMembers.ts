import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { InvalidQuestion } from "./InvalidQuestion.ts"

/** Ids of one cohort that are held in memory, 8 bytes each. */
export const cohortKeysMax = 2_000_000

/** Who belongs to a cohort, at one state of the data. */
export interface HeldMembers {
  readonly kind: "held"
  /** What tells this state from others. */
  readonly state: string
  /** Ids that are held. */
  readonly ids: number
  /** Whether a user id or a device, as clients send it, is a member's. */
  readonly has: (id: string) => boolean
}

/**
 * Members of cohorts, for who must know at once whether somebody is one. A static cohort's list counts as it is, also
 * where nobody of it has sent an event; restricted people are members of nothing.
 */
export class CohortMembers extends Context.Service<
  CohortMembers,
  {
    /** `unchanged`: as at `state`; `too_many`: more than {@link cohortKeysMax} ids; `undefined`: there is no such cohort. */
    readonly read: (
      workspace: WorkspaceId,
      cohort: string,
      state: string | undefined
    ) => Effect.Effect<HeldMembers | "unchanged" | "too_many" | undefined, InvalidQuestion | PortFailure>
  }
>()("ports/analytics/CohortMembers") {}
