import { Schema } from "effect"
import { DeviceClass, pageAnswerFields, pageFields } from "./PageQuestion.ts"
import { vitalNames } from "./VitalPlan.ts"

export const VitalQuestion = Schema.Struct(pageFields).annotate({
  identifier: "VitalQuestion",
  examples: [{ date_range: { from: "2026-11-01", to: "2026-11-23" }, device: "mobile" }]
})
export type VitalQuestion = typeof VitalQuestion.Type

export const Vital = Schema.Struct({
  /** LCP, INP, FCP and TTFB in ms, CLS a score. */
  name: Schema.Literals(vitalNames),
  samples: Schema.Int,
  /** The smallest value that 75 % of the samples do not exceed. */
  p75: Schema.Finite,
  /** Of the p75, by the published thresholds. */
  rating: Schema.Literals(["good", "needs_improvement", "poor"]),
  /** Shares of the samples; they add up to 1. */
  good: Schema.Finite,
  needs_improvement: Schema.Finite,
  poor: Schema.Finite
})
export type Vital = typeof Vital.Type

const group = {
  /** Those with samples. */
  vitals: Schema.Array(Vital),
  /** Whether the p75 of LCP, CLS and, where there is any, INP are good; `null` without samples of LCP or CLS. */
  passes: Schema.NullOr(Schema.Boolean)
}
const measured = {
  samples: Schema.Int,
  /** All devices together. */
  ...group,
  /** desktop, tablet, mobile, unknown (`null`): those with samples. */
  devices: Schema.Array(Schema.Struct({ device: Schema.NullOr(DeviceClass), ...group }))
}
export const MeasuredPages = Schema.Struct(measured)
export type MeasuredPages = typeof MeasuredPages.Type

export const VitalResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  /** Every page together. */
  totals: MeasuredPages,
  /** Most samples first. */
  pages: Schema.Array(
    Schema.Struct({ host: Schema.NullOr(Schema.String), path: Schema.NullOr(Schema.String), ...measured })
  ),
  /** Pages behind the top. */
  other_pages: Schema.Int,
  ...pageAnswerFields
}).annotate({ identifier: "VitalResult" })
export type VitalResult = typeof VitalResult.Type
