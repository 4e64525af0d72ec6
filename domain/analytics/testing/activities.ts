import * as fc from "fast-check"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import { selection } from "./selections.ts"

export interface GeneratedActivity {
  readonly interval: "day" | "week" | "month"
  /** Days by which the range begins before that of the history. */
  readonly daysBefore: number
  readonly selection: EventSelection
}

/** Questions about active people: also over weeks and months in which the history has little. */
export const activity: fc.Arbitrary<GeneratedActivity> = fc.record({
  interval: fc.constantFrom("day" as const, "day" as const, "week" as const, "month" as const),
  daysBefore: fc.constantFrom(0, 0, 4, 40, 100),
  selection
})
