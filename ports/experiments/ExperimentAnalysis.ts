import { Schema } from "effect"

/** What decides: named when the experiment starts, and not changed afterwards. */
export const AnalysisMethod = Schema.Literals(["sequential", "fixed", "bayesian"]).annotate({
  identifier: "AnalysisMethod"
})
export type AnalysisMethod = typeof AnalysisMethod.Type

/** How p-values of one family are corrected; on sequential results Benjamini–Hochberg is e-BH. */
export const FamilyCorrection = Schema.Literals(["holm", "benjamini_hochberg", "none"]).annotate({
  identifier: "FamilyCorrection"
})
export type FamilyCorrection = typeof FamilyCorrection.Type

export const MetricDirection = Schema.Literals(["increase", "decrease"]).annotate({ identifier: "MetricDirection" })
export type MetricDirection = typeof MetricDirection.Type

export const MetricRole = Schema.Literals(["goal", "secondary", "guardrail"]).annotate({ identifier: "MetricRole" })
export type MetricRole = typeof MetricRole.Type

export const MetricKind = Schema.Literals(["rate", "mean", "ratio", "quantile"]).annotate({ identifier: "MetricKind" })
export type MetricKind = typeof MetricKind.Type

/** The smallest effect worth finding: in the metric's own unit (.05 is five points of a rate), or as a share of the control. */
export const MinimumEffect = Schema.Struct({
  kind: Schema.Literals(["absolute", "relative"]),
  value: Schema.Finite.check(Schema.isGreaterThan(0))
}).annotate({ identifier: "MinimumEffect" })
export type MinimumEffect = typeof MinimumEffect.Type

/** A metric as the analysis sees it; what it counts is the metric's own definition. */
export const AnalysedMetric = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  role: MetricRole,
  kind: MetricKind,
  /** Whether more is better. */
  direction: MetricDirection,
  minimum_effect: Schema.optionalKey(MinimumEffect),
  /** Of a guardrail: the relative loss that is put up with, 0 by default; .02 is two percent. */
  margin: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))),
  /** Adjusts by what units did before; without effect on ratios and quantiles. */
  cuped: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "AnalysedMetric" })
export type AnalysedMetric = typeof AnalysedMetric.Type

export const analysisDefaults = {
  alpha: 0.05,
  power: 0.8,
  correction: "holm",
  /** Units over both arms around which a sequence is narrowest. */
  tuning_units: 5000
} as const

/** How an experiment is analysed, frozen at its start. */
export const AnalysisPlan = Schema.Struct({
  method: AnalysisMethod,
  alpha: Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.5 })),
  power: Schema.Finite.check(Schema.isBetween({ minimum: 0.5, maximum: 0.999 })),
  correction: FamilyCorrection,
  tuning_units: Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 1_000_000_000 })),
  /** Units in each arm at which a fixed-horizon test looks. */
  planned_units: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0)))
}).annotate({ identifier: "AnalysisPlan" })
export type AnalysisPlan = typeof AnalysisPlan.Type
