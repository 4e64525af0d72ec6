import type { DecisionRule, RequiredGoal } from "../../../ports/experiments/DecisionRule.ts"
import { fullDaysMin } from "../../../ports/experiments/DecisionRule.ts"
import type { AnalysedMetric, AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type {
  Comparison,
  MetricResult,
  PlanProgress,
  Recommendation,
  RecommendationReason,
  RuleVerdict,
  SplitCheck
} from "../../../ports/experiments/ExperimentResults.ts"

/** What a recommendation looks at. */
export interface Findings {
  readonly plan: AnalysisPlan
  readonly comparisons: ReadonlyArray<Comparison>
  readonly metrics: ReadonlyArray<MetricResult>
  readonly split: SplitCheck | null
  readonly progress: PlanProgress
  /** As it was registered; the usual rule without one. */
  readonly rule?: DecisionRule | undefined
}

/** A rule with what it leaves out. */
type WholeRule = DecisionRule &
  Required<Pick<DecisionRule, "guardrails" | "roll_back_on" | "minimum_days" | "minimum_share" | "inconclusive">>

const wholeRule = (rule: DecisionRule, { method }: AnalysisPlan): WholeRule => ({
  guardrails: "safe",
  roll_back_on: ["goal_worse", "guardrail_harmed"],
  minimum_days: fullDaysMin,
  inconclusive: { action: "keep_running" },
  ...rule,
  // A test that looks once holds at its planned units alone.
  minimum_share: method === "fixed" ? 1 : (rule.minimum_share ?? 0)
})

/**
 * What the rule says that was registered before the start. A variant ships when the goals are better and none worse, its
 * guardrails are as the rule asks, the split is as planned, arms were alike before, and the rule's days and share of the
 * planned units are there. All is rolled back when every variant harms as the rule says; harm needs no full week. Behind
 * the rule's last day an experiment without a result ends as it says. Everything else goes on.
 */
export const applyRule = (
  findings: Findings
): { readonly recommendation: Recommendation; readonly verdict: RuleVerdict } => {
  const rule = wholeRule(findings.rule ?? {}, findings.plan)
  const variants = [...new Set(findings.comparisons.map(({ variant }) => variant))]
  const judged = variants.map((variant) => judgeVariant(variant, rule, findings))
  const ended = rule.end_after_days !== undefined && findings.progress.full_days >= rule.end_after_days
  return {
    recommendation: concluded(judged, rule, ended),
    verdict: {
      registered: findings.rule !== undefined,
      rule,
      variants: judged.map(({ state, variant, ...judgement }) => ({
        variant,
        state: isReady({ state, ...judgement }) ? "ready" : state,
        reasons: reasonsOf({ state, ...judgement })
      })),
      ended
    }
  }
}

const concluded = (judged: ReadonlyArray<JudgedVariant>, rule: WholeRule, ended: boolean): Recommendation => {
  const best = judged.filter(isReady).toSorted((a, b) => a.pValue - b.pValue)[0]
  if (best !== undefined) return { action: "ship", variant: best.variant, reasons: ["goal_better"] }
  const rollsBack = ({ harms }: JudgedVariant): boolean =>
    harms.some((harm) => rule.roll_back_on.some((each) => each === harm))
  if (judged.length > 0 && judged.every(rollsBack))
    return { action: "roll_back", reasons: unique(judged.flatMap(({ harms }) => harms)) }
  const told = judged.flatMap(reasonsOf)
  const reasons = unique<RecommendationReason>(told.length === 0 ? ["not_significant"] : told)
  if (!ended) return { action: "keep_running", reasons }
  const { inconclusive } = rule
  if (inconclusive.action !== "ship") return { action: inconclusive.action, reasons: ["inconclusive", ...reasons] }
  const shipped = judged.find(({ variant }) => variant === inconclusive.variant)
  return shipped !== undefined && shipped.harms.length === 0 && shipped.hindrances.length === 0
    ? { action: "ship", variant: shipped.variant, reasons: ["inconclusive", ...reasons] }
    : { action: "keep_running", reasons: ["inconclusive", ...reasons] }
}

interface Judgement {
  readonly state: "better" | "harmful" | "undecided"
  readonly harms: ReadonlyArray<RecommendationReason>
  /** Why its goals are not what the rule asks for. */
  readonly missing: ReadonlyArray<RecommendationReason>
  /** What stands in the way of shipping, whatever its goals are. */
  readonly hindrances: ReadonlyArray<RecommendationReason>
}
interface JudgedVariant extends Judgement {
  readonly variant: string
  readonly pValue: number
}

const isReady = ({ hindrances, state }: Judgement): boolean => state === "better" && hindrances.length === 0

const reasonsOf = ({ harms, hindrances, missing, state }: Judgement): ReadonlyArray<RecommendationReason> =>
  unique([...(state === "better" ? (["goal_better"] as const) : missing), ...harms, ...hindrances])

const judgeVariant = (variant: string, rule: WholeRule, findings: Findings): JudgedVariant => {
  const own = findings.comparisons.filter((comparison) => comparison.variant === variant)
  const goals = own.filter(({ role }) => role === "goal")
  const asked = rule.goals ?? []
  const required = asked.map((goal) => shortcomingOf(goal, goals, findings))
  const better = goals.filter(
    ({ metric, verdict }) => verdict === "better" && (asked.length === 0 || asked.some(({ id }) => id === metric))
  )
  const harms: Array<RecommendationReason> = []
  if (goals.some(({ verdict }) => verdict === "worse")) harms.push("goal_worse")
  if (own.some(({ guardrail }) => guardrail?.state === "harmed")) harms.push("guardrail_harmed")
  const missing = required.flatMap((reason) => reason ?? [])
  const isBetter = better.length > 0 && missing.length === 0
  const state = harms.length > 0 ? "harmful" : isBetter ? "better" : "undecided"
  const atRisk = own.some(({ guardrail }) => guardrail?.state === "at_risk" || guardrail?.state === "unknown")
  return {
    variant,
    state,
    // The least sure of what is asked for: all of it must hold.
    pValue: Math.min(
      1,
      asked.length === 0
        ? Math.min(1, ...better.map(({ adjusted_p_value }) => adjusted_p_value))
        : Math.max(...better.map(({ adjusted_p_value }) => adjusted_p_value), 0)
    ),
    harms,
    missing: state === "undecided" ? (better.length === 0 ? ["not_significant", ...missing] : missing) : [],
    hindrances: [
      ...(atRisk && rule.guardrails === "safe" ? (["guardrail_at_risk"] as const) : []),
      ...hindrancesOf(rule, findings)
    ]
  }
}

/** Why a goal is not what the rule asks for. */
const shortcomingOf = (
  asked: RequiredGoal,
  goals: ReadonlyArray<Comparison>,
  { metrics, plan }: Findings
): RecommendationReason | undefined => {
  const found = goals.find(({ metric }) => metric === asked.id)
  const metric = metrics.find((each) => each.metric.id === asked.id)?.metric
  if (found === undefined || metric === undefined || found.verdict !== "better") return "required_goal_undecided"
  return asked.minimum_effect === undefined || reaches(asked, found, metric, plan) ? undefined : "effect_too_small"
}

/** Whether the effect is as large as it is to be, in the direction that is better. */
const reaches = (
  { minimum_effect: minimum, shown_by = "estimate" }: RequiredGoal,
  comparison: Comparison,
  { direction }: AnalysedMetric,
  { method }: AnalysisPlan
): boolean => {
  if (minimum === undefined) return true
  const isAbsolute = minimum.kind === "absolute"
  const sign = direction === "increase" ? 1 : -1
  // Lifts are in percent.
  const least = isAbsolute ? minimum.value : minimum.value * 100
  if (shown_by === "estimate") {
    const effect = isAbsolute ? comparison.difference : comparison.lift
    return effect !== null && sign * effect >= least
  }
  const { bayesian } = comparison
  const block = method === "sequential" ? comparison.sequential : comparison.fixed
  const believed = !isAbsolute && bayesian?.outcome === "judged" ? bayesian.credible_interval : undefined
  const tested = block.outcome === "tested" ? (isAbsolute ? block.difference_interval : block.lift_interval) : null
  const near = (believed ?? tested)?.[sign > 0 ? 0 : 1] ?? null
  return near !== null && sign * near >= least
}

/** What keeps any variant from being shipped. */
const hindrancesOf = (rule: WholeRule, { metrics, progress, split }: Findings): ReadonlyArray<RecommendationReason> => {
  const reasons: Array<RecommendationReason> = []
  if (split?.mismatch === true) reasons.push("ratio_mismatch")
  if (metrics.some(({ metric, prior_bias }) => metric.role === "goal" && prior_bias?.biased === true))
    reasons.push("prior_bias")
  if (progress.full_days < rule.minimum_days) reasons.push("too_few_days")
  if (rule.minimum_share > 0 && !((progress.share_reached ?? 0) >= rule.minimum_share))
    reasons.push("planned_units_not_reached")
  return reasons
}

const unique = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]
