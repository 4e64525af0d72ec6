import type { Effect } from "effect"
import { Context } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { Assignment, EvaluationContext } from "./Evaluation.ts"

/** Days that an assignment is kept from its last writing. */
export const stickyKeptDays = 400
/** Assignments that wait to be written; one more is counted as lost, and decided by the hash again. */
export const stickyWaitingMax = 50_000
/** How long one waits at the most while the store takes documents. */
export const stickyDelayMillis = 100

/** Variants that units were first given, by experiment and unit. */
export const stickyAssignments: Collection = { name: "sticky_assignments", unique: [], indexes: [] }

/** What is kept of one assignment; `unit` of people alone, others are in the document's id, hashed. */
export interface StickyAssignment {
  readonly experiment: string
  readonly unit_attribute: string
  readonly unit: string | null
  readonly variant: string
  readonly bucket_version: number
  /** First given, in ms UTC: also where it was given to a device that somebody logged in on later. */
  readonly assigned_at: number
}

/** What of an experiment tells which stored assignments count. */
export interface StickyExperiment {
  readonly id: string
  /** Attributes that may name the unit, in order. */
  readonly unit: ReadonlyArray<string>
  readonly bucketVersion: number
  readonly oldestVersion: number
  /** Earlier ones were stored for an experiment of the same id that is no more. */
  readonly sinceMillis: number
}

/**
 * Assignments that outlive a change of weights. Of several ids of a context the earliest assignment counts, and is
 * written for the id that is hashed, so that after a login it counts on every device.
 */
export class StickyAssignments extends Context.Service<
  StickyAssignments,
  {
    /** What is stored for the units of a context; never fails. */
    readonly load: (
      workspace: WorkspaceId,
      experiments: ReadonlyArray<StickyExperiment>,
      attributes: EvaluationContext["attributes"]
    ) => Effect.Effect<NonNullable<EvaluationContext["stored"]>>
    /** Keeps an assignment, off the request's path. An orderly stop loses none. */
    readonly note: (
      workspace: WorkspaceId,
      experiment: StickyExperiment,
      assignment: Assignment,
      stored: EvaluationContext["stored"]
    ) => void
  }
>()("ports/experiments/StickyAssignments") {}
