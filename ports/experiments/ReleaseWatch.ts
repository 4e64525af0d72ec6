import { Context } from "effect"
import type { PartReason } from "../platform/PartStates.ts"
import type { TakenStep } from "./GuardedRelease.ts"

/** What people of a step that is over have done up to `at`, ms UTC. */
export interface SeenStep extends Pick<TakenStep, "units" | "evidence" | "split"> {
  readonly at: number
}

/** What rounds know of a running release. */
export interface WatchedRelease {
  /** When it was last looked at, ms UTC. */
  lookedAt: number
  /** By the number of the step. */
  readonly closed: Map<number, SeenStep>
}

/** Whether running releases can be watched; while they cannot, none is advanced, and readiness says so. */
export class ReleaseWatch extends Context.Service<
  ReleaseWatch,
  {
    /** How the last round went; `undefined`: all were looked at. `now` in ms UTC. */
    readonly note: (failing: PartReason | undefined, now: number) => void
    /** What is remembered of a release, in this process alone. */
    readonly of: (release: string) => WatchedRelease
    /** Forgets all but these, which run. */
    readonly keep: (releases: ReadonlySet<string>) => void
  }
>()("ports/experiments/ReleaseWatch") {}
