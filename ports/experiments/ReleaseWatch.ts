import { Context } from "effect"
import type { PartReason } from "../platform/PartStates.ts"

/** Whether running releases can be watched; while they cannot, none is advanced, and readiness says so. */
export class ReleaseWatch extends Context.Service<
  ReleaseWatch,
  {
    /** How the last round went; `undefined`: all were looked at. `now` in ms UTC. */
    readonly note: (failing: PartReason | undefined, now: number) => void
  }
>()("ports/experiments/ReleaseWatch") {}
