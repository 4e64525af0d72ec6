import * as fc from "fast-check"
import type { CohortRule } from "../../../ports/analytics/CohortRule.ts"
import { selection } from "./selections.ts"

const period = fc.constantFrom(
  {},
  {},
  { within: { value: 36, unit: "hour" as const } },
  { within: { value: 4, unit: "day" as const } },
  { within: { value: 3000, unit: "day" as const } },
  { between: { from: "2018-01-01", to: "2026-01-02" } },
  { between: { from: "2026-03-29", to: "2026-04-04" } }
)
const times = fc.constantFrom({}, { at_least: 2 }, { at_most: 1 }, { at_least: 2, at_most: 3 }, { exactly: 2 })

const condition: fc.Arbitrary<CohortRule> = fc.oneof(
  fc.record({ did: selection, times, period }).map(({ did, period: own, times: often }) => ({ did, ...often, ...own })),
  fc.record({ did_not: selection, period }).map(({ did_not, period: own }) => ({ did_not, ...own })),
  fc.record({ first_time: selection, period }).map(({ first_time, period: own }) => ({ first_time, ...own })),
  fc
    .record({
      in_sequence: fc.array(selection, { minLength: 2, maxLength: 3 }),
      window: fc.constantFrom(
        { value: 30, unit: "minute" as const },
        { value: 7, unit: "hour" as const },
        { value: 2, unit: "day" as const }
      ),
      period
    })
    .map(({ in_sequence, period: own, window }) => ({ in_sequence, window, ...own })),
  fc.constantFrom<CohortRule>(
    { dimension: "trait:plan", operator: "is", value: "pro" },
    { dimension: "trait:plan", operator: "is_not", value: "free" },
    { dimension: "trait:seats", operator: "gte", value: 10 },
    { cohort: "list", operator: "is_member" },
    { cohort: "buyers", operator: "is_member" },
    { cohort: "buyers", operator: "is_not_member" }
  )
)

/** Rules of every kind, nested. */
export const cohortRule: fc.Arbitrary<CohortRule> = fc.letrec<{ readonly rule: CohortRule }>((tie) => ({
  rule: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    condition,
    fc.array(tie("rule"), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("rule"), { maxLength: 3 }).map((or) => ({ or })),
    tie("rule").map((not) => ({ not }))
  )
})).rule
