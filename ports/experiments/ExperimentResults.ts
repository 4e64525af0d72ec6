import { Schema } from "effect"
import { DecisionRule } from "./DecisionRule.ts"
import { AnalysedMetric, AnalysisMethod, AnalysisPlan, MetricRole } from "./ExperimentAnalysis.ts"
import { MetricSums } from "./MetricSums.ts"

/** Lower and upper end. */
const Interval = Schema.Tuple([Schema.Finite, Schema.Finite])

/** Why a figure cannot be given. */
export const ResultRefusal = Schema.Literals([
  "no_units",
  "too_few_units",
  "no_variance",
  "control_is_zero",
  "control_near_zero",
  "out_of_range",
  /** Shares of the traffic followed the results: but for the sequence on weighted rates no test has a p. */
  "adaptive_allocation"
]).annotate({ identifier: "ResultRefusal" })
export type ResultRefusal = typeof ResultRefusal.Type

const Refused = Schema.Struct({ outcome: Schema.Literal("refused"), reason: ResultRefusal })

/** A frequentist comparison of a variant with the control. Lifts are in percent of the control. */
export const TestBlock = Schema.Union([
  Schema.Struct({
    outcome: Schema.Literal("tested"),
    p_value: Schema.Finite,
    /** Corrected for the family: goals × variants, or secondary metrics × variants; a guardrail's own. */
    adjusted_p_value: Schema.Finite,
    is_significant: Schema.Boolean,
    /** Of the absolute difference, at the family's level. */
    difference_interval: Interval,
    /** In percent; `null` where the control is not told from zero. */
    lift_interval: Schema.NullOr(Interval)
  }),
  Refused
]).annotate({ identifier: "TestBlock" })
export type TestBlock = typeof TestBlock.Type

export const BayesianBlock = Schema.Union([
  Schema.Struct({
    outcome: Schema.Literal("judged"),
    /** That the variant is better than the control, in the metric's direction. */
    chance_to_win: Schema.Finite,
    /** What is lost on average by choosing one where the other is better: absolute for a rate, else a share of the control. */
    risk: Schema.Struct({ control: Schema.Finite, treatment: Schema.Finite }),
    /** Of the lift in percent; an end is `null` where it lies beyond all that can be told. */
    credible_interval: Schema.Tuple([Schema.NullOr(Schema.Finite), Schema.NullOr(Schema.Finite)])
  }),
  Refused
]).annotate({ identifier: "BayesianBlock" })
export type BayesianBlock = typeof BayesianBlock.Type

export const GuardrailVerdict = Schema.Struct({
  state: Schema.Literals(["safe", "at_risk", "harmed", "unknown"]),
  /** Loss that is put up with, in percent of the control. */
  margin: Schema.Finite,
  /** One-sided bound of the lift on the bad side, in percent. */
  bound: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "GuardrailVerdict" })
export type GuardrailVerdict = typeof GuardrailVerdict.Type

export const Comparison = Schema.Struct({
  metric: Schema.String,
  role: MetricRole,
  variant: Schema.String,
  /** Means of the two arms, adjusted where the metric is; `null` without units. */
  control_mean: Schema.NullOr(Schema.Finite),
  variant_mean: Schema.NullOr(Schema.Finite),
  /** Variant less control; `null` where either has no units. */
  difference: Schema.NullOr(Schema.Finite),
  /** In percent; `null` where the control is zero. */
  lift: Schema.NullOr(Schema.Finite),
  /** By the experiment's method. */
  p_value: Schema.Finite,
  adjusted_p_value: Schema.Finite,
  is_significant: Schema.Boolean,
  /** By the experiment's method and the metric's direction. */
  verdict: Schema.Literals(["better", "worse", "undecided"]),
  fixed: TestBlock,
  sequential: TestBlock,
  /** Where the method is `bayesian`. */
  bayesian: Schema.optionalKey(BayesianBlock),
  /** Of guardrails. */
  guardrail: Schema.optionalKey(GuardrailVerdict),
  /** Chance that the units of today find the registered minimum effect; `null` without one. */
  power_now: Schema.NullOr(Schema.Finite),
  /** What the variant would add in thirty days to all of the targeted traffic; `null` of ratios and quantiles. */
  projected: Schema.NullOr(Schema.Struct({ effect: Schema.Finite, interval: Interval }))
}).annotate({ identifier: "ExperimentComparison" })
export type Comparison = typeof Comparison.Type

export const MetricResult = Schema.Struct({
  metric: AnalysedMetric,
  /** One for each variant, in the order of the variants. */
  arms: Schema.Array(
    Schema.Struct({
      variant: Schema.String,
      sums: MetricSums,
      mean: Schema.NullOr(Schema.Finite),
      /** At 95 %: Wilson's of a rate, else Student's. */
      interval: Schema.NullOr(Interval)
    })
  ),
  /** Where the metric is adjusted by what units did before. */
  cuped: Schema.optionalKey(
    Schema.Struct({ theta: Schema.Finite, variance_reduction: Schema.Finite, units_with_history: Schema.Int })
  ),
  /** Where totals are cut, and the share of units that have more. */
  capped: Schema.optionalKey(Schema.Struct({ cap: Schema.Finite, share: Schema.Finite })),
  /** Whether arms differed in the same metric before the exposure; `null` where nobody did anything then. */
  prior_bias: Schema.NullOr(Schema.Struct({ adjusted_p_value: Schema.Finite, biased: Schema.Boolean })),
  /** Units in each arm for the registered minimum effect; `null` where there is none, or nothing of the control yet. */
  sample_size_needed: Schema.NullOr(Schema.Int),
  /** Smallest effect that the units of today find, absolute; `null` without units. */
  minimum_detectable_effect: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "ExperimentMetricResult" })
export type MetricResult = typeof MetricResult.Type

/** Whether units came to the arms as planned: the sequential test decides, χ² stands beside it. */
export const SplitCheck = Schema.Struct({
  /** First exposures, before any exclusion; a unit of two variants once. */
  units: Schema.Int,
  p_value: Schema.Finite,
  mismatch: Schema.Boolean,
  chi_square: Schema.Finite,
  chi_square_p_value: Schema.Finite
}).annotate({ identifier: "SplitCheck" })
export type SplitCheck = typeof SplitCheck.Type

/** Units that were exposed and are in no arm, by reason. */
export const ExcludedUnits = Schema.Struct({
  two_variants: Schema.Int,
  bots: Schema.Int,
  /** Their window is not over yet. */
  immature: Schema.Int,
  /** First exposed in an earlier phase. */
  carried_over: Schema.Int
}).annotate({ identifier: "ExcludedUnits" })
export type ExcludedUnits = typeof ExcludedUnits.Type

/** Cumulative, as it stood at the end of the day. */
export const SeriesPoint = Schema.Struct({
  date: Schema.String,
  metric: Schema.String,
  variant: Schema.String,
  control_units: Schema.Int,
  variant_units: Schema.Int,
  /** In percent. */
  lift: Schema.NullOr(Schema.Finite),
  lift_interval: Schema.NullOr(Interval),
  difference_interval: Schema.NullOr(Interval),
  p_value: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "ExperimentSeriesPoint" })
export type SeriesPoint = typeof SeriesPoint.Type

export const RecommendationReason = Schema.Literals([
  "goal_better",
  "goal_worse",
  "guardrail_harmed",
  "guardrail_at_risk",
  "ratio_mismatch",
  "prior_bias",
  "too_few_days",
  "planned_units_not_reached",
  /** Of a bandit: a variant is the best with a chance of 95 percent, or none is yet. */
  "best_arm",
  "no_best_arm",
  "not_significant",
  /** A goal that the rule asks for is not better yet, or by less than it asks for. */
  "required_goal_undecided",
  "effect_too_small",
  /** The rule's time is over, and nothing was found. */
  "inconclusive"
]).annotate({ identifier: "RecommendationReason" })
export type RecommendationReason = typeof RecommendationReason.Type

/** What the figures say should be done; whoever decides may do otherwise. */
export const Recommendation = Schema.Struct({
  action: Schema.Literals(["ship", "roll_back", "keep_running"]),
  /** To ship. */
  variant: Schema.optionalKey(Schema.String),
  reasons: Schema.Array(RecommendationReason)
}).annotate({ identifier: "Recommendation" })
export type Recommendation = typeof Recommendation.Type

/** The rule that the recommendation comes of, and what it says of each variant. */
export const RuleVerdict = Schema.Struct({
  /** Whether the experiment has a rule of its own; else this is the usual one. */
  registered: Schema.Boolean,
  /** With what it leaves out filled in. */
  rule: DecisionRule,
  variants: Schema.Array(
    Schema.Struct({
      variant: Schema.String,
      state: Schema.Literals(["ready", "better", "harmful", "undecided"]),
      /** What speaks for or against it, and what it waits for. */
      reasons: Schema.Array(RecommendationReason)
    })
  ),
  /** Whether the rule's time is over. */
  ended: Schema.Boolean
}).annotate({ identifier: "RuleVerdict" })
export type RuleVerdict = typeof RuleVerdict.Type

export const PlanProgress = Schema.Struct({
  /** In each arm; `null` where nothing tells. */
  planned_units: Schema.NullOr(Schema.Int),
  /** Of the smallest arm. */
  share_reached: Schema.NullOr(Schema.Finite),
  /** At the pace of the last seven days; `null` where nobody came. */
  days_left: Schema.NullOr(Schema.Int),
  full_days: Schema.Int
}).annotate({ identifier: "PlanProgress" })
export type PlanProgress = typeof PlanProgress.Type

/** The same with everybody where they were first, whatever they saw later: what people of two variants leave as it was. */
export const IntentionToTreat = Schema.Struct({
  comparisons: Schema.Array(Comparison),
  split: Schema.NullOr(SplitCheck)
}).annotate({ identifier: "IntentionToTreat" })
export type IntentionToTreat = typeof IntentionToTreat.Type

/** How a bandit shared the traffic, and what its variants are worth: nothing here is a test. */
export const AllocationResult = Schema.Struct({
  /** The metric that shares follow. */
  goal: Schema.NullOr(Schema.String),
  steps: Schema.Array(
    Schema.Struct({
      number: Schema.Int,
      /** Probabilities of the variants, in their order. */
      shares: Schema.Array(Schema.Finite),
      /** Units first exposed in the step. */
      assigned: Schema.Array(Schema.Int)
    })
  ),
  arms: Schema.Array(
    Schema.Struct({
      variant: Schema.String,
      /** Probability from the last step on. */
      share: Schema.Finite,
      /** Units that count: with a window, those whose window is over. */
      units: Schema.Int,
      /** Each unit weighs 1 / the logged probability of its variant. */
      mean: Schema.NullOr(Schema.Finite),
      /** Normal, at 95 %. */
      interval: Schema.NullOr(Interval),
      /** Chance to be the best of all. */
      chance_best: Schema.NullOr(Schema.Finite)
    })
  ),
  /** The variant whose chance is at least 95 %. */
  best: Schema.NullOr(Schema.String),
  /** What the goal brought more, over all units, than at the first step's shares: the regret that was avoided. */
  gained: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "AllocationResult" })
export type AllocationResult = typeof AllocationResult.Type

/** Comparisons among the people who share a value, taken at or before their first exposure. */
export const Breakdown = Schema.Struct({
  value: Schema.NullOr(Schema.String),
  participants: Schema.Array(Schema.Int),
  /** Corrected over all values together. */
  comparisons: Schema.Array(Comparison)
}).annotate({ identifier: "ExperimentBreakdown" })
export type Breakdown = typeof Breakdown.Type

export const ExperimentResults = Schema.Struct({
  experiment_id: Schema.String,
  variants: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      name: Schema.String,
      /** Units with an exposure that are in the analysis. */
      participants: Schema.Int,
      /** Units with a value of the first goal. */
      conversions: Schema.Int,
      conversion_rate: Schema.Finite,
      /** Of the rate, at 95 %. */
      confidence_interval: Interval
    })
  ),
  /** Better than the control on a goal, significantly; the control itself where every other variant is worse. */
  winner: Schema.optionalKey(Schema.String),
  /** p below α after correction, by the experiment's method. */
  is_significant: Schema.Boolean,
  /** The smallest adjusted p of the goals; 1 while there is nothing to compare. */
  p_value: Schema.Finite,
  /** Of the same comparison, in percent: 25 is a quarter more. 0 while there is nothing to compare. */
  lift: Schema.Finite,
  /** Units in each arm for the first goal's registered minimum effect; `null` without one, or while the control tells nothing. */
  sample_size_needed: Schema.NullOr(Schema.Int),
  method: AnalysisMethod,
  plan: AnalysisPlan,
  control: Schema.String,
  comparisons: Schema.Array(Comparison),
  metrics: Schema.Array(MetricResult),
  series: Schema.Array(SeriesPoint),
  split: Schema.NullOr(SplitCheck),
  /** Where people of two variants are left out of everything else. */
  intention_to_treat: Schema.optionalKey(IntentionToTreat),
  /** Where a dimension was asked for. */
  breakdown: Schema.optionalKey(
    Schema.Struct({
      dimension: Schema.String,
      /** The value of most units first. */
      values: Schema.Array(Breakdown),
      /** Values of fewer units, which are not told. */
      values_left_out: Schema.Int
    })
  ),
  /** Of a bandit. */
  allocation: Schema.optionalKey(AllocationResult),
  excluded: ExcludedUnits,
  progress: PlanProgress,
  recommendation: Recommendation,
  /** Of a bandit there is none: it is over once one variant is the best. */
  decision_rule: Schema.optionalKey(RuleVerdict),
  /** What is doubtful about the figures, each with a pointer into the experiment. */
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String })),
  /** Everything up to here is in the figures. */
  watermark: Schema.String
}).annotate({ identifier: "ExperimentResults" })
export type ExperimentResults = typeof ExperimentResults.Type
