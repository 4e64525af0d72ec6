import type { AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type {
  Comparison,
  MetricResult,
  PlanProgress,
  Recommendation,
  RecommendationReason,
  SplitCheck
} from "../../../ports/experiments/ExperimentResults.ts"

/** A week has days that are unlike each other: nothing ships before one is over. */
export const fullDaysMin = 7

/** What a recommendation looks at. */
export interface Findings {
  readonly plan: AnalysisPlan
  readonly comparisons: ReadonlyArray<Comparison>
  readonly metrics: ReadonlyArray<MetricResult>
  readonly split: SplitCheck | null
  readonly progress: PlanProgress
}

/**
 * The rule that is registered before an experiment starts. A variant ships when a goal is better and none worse, its
 * guardrails are safe, the split is as planned, arms were alike before, seven days are over, and, with a fixed-horizon
 * test, the planned units are there. All is rolled back when every variant harms a guardrail or a goal; harm needs no full
 * week. Everything else goes on.
 */
export const recommend = (findings: Findings): Recommendation => {
  const variants = [...new Set(findings.comparisons.map(({ variant }) => variant))]
  const judged = variants.map((variant) => judgeVariant(variant, findings))
  const ready = judged.filter(({ hindrances, state }) => state === "better" && hindrances.length === 0)
  const best = ready.toSorted((a, b) => a.pValue - b.pValue)[0]
  if (best !== undefined) return { action: "ship", variant: best.variant, reasons: ["goal_better"] }
  if (judged.length > 0 && judged.every(({ state }) => state === "harmful"))
    return { action: "roll_back", reasons: unique(judged.flatMap(({ harms }) => harms)) }
  const reasons = judged.flatMap(({ harms, hindrances, state }) => [
    ...(state === "undecided" ? (["not_significant"] as const) : []),
    ...(state === "better" ? (["goal_better"] as const) : []),
    ...harms,
    ...hindrances
  ])
  return { action: "keep_running", reasons: unique(reasons.length === 0 ? ["not_significant"] : reasons) }
}

interface JudgedVariant {
  readonly variant: string
  readonly state: "better" | "harmful" | "undecided"
  readonly pValue: number
  readonly harms: ReadonlyArray<RecommendationReason>
  /** What stands in the way of shipping. */
  readonly hindrances: ReadonlyArray<RecommendationReason>
}

const judgeVariant = (variant: string, findings: Findings): JudgedVariant => {
  const own = findings.comparisons.filter((comparison) => comparison.variant === variant)
  const goals = own.filter(({ role }) => role === "goal")
  const better = goals.filter(({ verdict }) => verdict === "better")
  const harms: Array<RecommendationReason> = []
  if (goals.some(({ verdict }) => verdict === "worse")) harms.push("goal_worse")
  if (own.some(({ guardrail }) => guardrail?.state === "harmed")) harms.push("guardrail_harmed")
  const state = harms.length > 0 ? "harmful" : better.length > 0 ? "better" : "undecided"
  const atRisk = own.some(({ guardrail }) => guardrail?.state === "at_risk" || guardrail?.state === "unknown")
  return {
    variant,
    state,
    pValue: Math.min(1, ...better.map(({ adjusted_p_value }) => adjusted_p_value)),
    harms,
    hindrances: [...(atRisk ? (["guardrail_at_risk"] as const) : []), ...hindrancesOf(findings)]
  }
}

/** What keeps any variant from being shipped. */
const hindrancesOf = ({ metrics, plan, progress, split }: Findings): ReadonlyArray<RecommendationReason> => {
  const reasons: Array<RecommendationReason> = []
  if (split?.mismatch === true) reasons.push("ratio_mismatch")
  if (metrics.some(({ metric, prior_bias }) => metric.role === "goal" && prior_bias?.biased === true))
    reasons.push("prior_bias")
  if (progress.full_days < fullDaysMin) reasons.push("too_few_days")
  if (plan.method === "fixed" && !((progress.share_reached ?? 0) >= 1)) reasons.push("planned_units_not_reached")
  return reasons
}

const unique = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]
