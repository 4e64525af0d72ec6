import * as fc from "fast-check"
import type { FunnelQuestion } from "../../../ports/analytics/FunnelQuestion.ts"
import { selection } from "./selections.ts"

/** Funnels of few event types, so that steps repeat and overlap. */
export const funnelQuestion: fc.Arbitrary<Omit<FunnelQuestion, "date_range">> = fc
  .record({
    steps: fc.array(selection, { minLength: 2, maxLength: 4 }),
    order: fc.constantFrom("sequential" as const, "strict" as const, "any" as const),
    conversion_window: fc.constantFrom(
      { value: 30, unit: "minute" as const },
      { value: 7, unit: "hour" as const },
      { value: 2, unit: "day" as const }
    ),
    exclusion: fc.option(fc.tuple(selection, fc.nat(), fc.nat()), { nil: undefined }),
    breakdown_at: fc.constantFrom("first", "last", "all", "step:2"),
    dimension: fc.constantFrom("country", "country", "cohort:buyers|list")
  })
  .map(({ exclusion, order, steps, ...rest }) => {
    const after = 1 + ((exclusion?.[1] ?? 0) % (steps.length - 1))
    const before = after + 1 + ((exclusion?.[2] ?? 0) % (steps.length - after))
    return {
      ...rest,
      order,
      steps,
      ...(exclusion === undefined || order === "any"
        ? {}
        : { exclusions: [{ ...exclusion[0], after_step: after, before_step: before }] })
    }
  })
