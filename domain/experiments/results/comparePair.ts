import type { AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type {
  BayesianBlock,
  Comparison,
  GuardrailVerdict,
  TestBlock
} from "../../../ports/experiments/ExperimentResults.ts"
import { judgeGuardrail } from "../../statistics/guardrail.ts"
import type { Interval } from "../../statistics/Interval.ts"
import type { TestedPair } from "./compareFamilies.ts"
import { designOf } from "./compareFamilies.ts"
import { judgePair } from "./judgePair.ts"
import { percent, percentOrNull } from "./percent.ts"
import { powerNow } from "./planning.ts"
import { criticalValuesOf, oneSidedLifts } from "./testPair.ts"

/** Days that a projection covers. */
const projectedDays = 30

/** A tested pair as results tell it. `dailyUnits` come a day to all of the targeted traffic. */
export const comparePair = (
  tested: TestedPair,
  plan: AnalysisPlan,
  adjusted: boolean,
  dailyUnits: number
): Comparison => {
  const { pair } = tested
  const { control, metric, treatment } = pair
  const controlMean = typeof control === "string" ? null : control.mean
  const variantMean = typeof treatment === "string" ? null : treatment.mean
  const difference = controlMean === null || variantMean === null ? null : variantMean - controlMean
  const bayesian = plan.method === "bayesian" ? judgePair(pair, plan.alpha) : undefined
  const decision = bayesian === undefined ? decide(blockOf(tested, plan)) : believe(bayesian, plan)
  const units = Math.min(countOf(control), countOf(treatment))
  return {
    metric: metric.id,
    role: metric.role,
    variant: pair.variant,
    control_mean: controlMean,
    variant_mean: variantMean,
    difference,
    lift: difference === null || controlMean === 0 ? null : percent(difference / Math.abs(controlMean!)),
    ...decision,
    verdict: verdictOf(decision.is_significant, difference, metric.direction),
    fixed: tested.fixed,
    sequential: tested.sequential,
    ...(bayesian === undefined ? {} : { bayesian }),
    ...(metric.role === "guardrail" ? { guardrail: guardrailOf(tested, plan) } : {}),
    power_now: units === 0 ? null : (powerNow(metric, control, adjusted, units, plan) ?? null),
    projected: projectionOf(tested, plan, difference, dailyUnits)
  }
}

const countOf = (estimate: TestedPair["pair"]["control"]): number => (typeof estimate === "string" ? 0 : estimate.count)

/** The frequentist block that decides; beliefs are shown with the fixed one's intervals beside them. */
const blockOf = ({ fixed, sequential }: TestedPair, { method }: AnalysisPlan): TestBlock =>
  method === "sequential" ? sequential : fixed

type Decision = Pick<Comparison, "p_value" | "adjusted_p_value" | "is_significant">

const decide = (block: TestBlock): Decision => {
  if (block.outcome === "refused") return nothing
  const { adjusted_p_value, is_significant, p_value } = block
  return { p_value, adjusted_p_value, is_significant }
}

/** Of beliefs p is twice the smaller tail of the posterior, so that α means the credible interval at 1 − α. */
const believe = (block: BayesianBlock, { alpha }: AnalysisPlan): Decision => {
  if (block.outcome === "refused") return nothing
  const p = Math.min(1, 2 * Math.min(block.chance_to_win, 1 - block.chance_to_win))
  return { p_value: p, adjusted_p_value: p, is_significant: p < alpha }
}

const nothing: Decision = { p_value: 1, adjusted_p_value: 1, is_significant: false }

const verdictOf = (
  significant: boolean,
  difference: number | null,
  direction: "increase" | "decrease"
): Comparison["verdict"] => {
  if (!significant || difference === null || difference === 0) return "undecided"
  return difference > 0 === (direction === "increase") ? "better" : "worse"
}

const guardrailOf = ({ pair }: TestedPair, plan: AnalysisPlan): GuardrailVerdict => {
  const { control, metric, treatment } = pair
  const margin = metric.margin ?? 0
  const critical = criticalValuesOf(pair, plan)
  if (typeof control === "string" || typeof treatment === "string" || critical === undefined)
    return { state: "unknown", margin: percent(margin), bound: null }
  const lifts = oneSidedLifts(pair, designOf(plan), plan.method === "sequential" ? "any_time" : "once")
  return {
    state: judgeGuardrail(control, treatment, metric.direction, margin, critical),
    margin: percent(margin),
    bound: percentOrNull(metric.direction === "increase" ? lifts?.[0] : lifts?.[1])
  }
}

const projectionOf = (
  tested: TestedPair,
  plan: AnalysisPlan,
  difference: number | null,
  dailyUnits: number
): Comparison["projected"] => {
  const { kind } = tested.pair.metric
  const block = blockOf(tested, plan)
  if (difference === null || block.outcome === "refused" || kind === "ratio" || kind === "quantile") return null
  const units = dailyUnits * projectedDays
  const interval: Interval = [block.difference_interval[0] * units, block.difference_interval[1] * units]
  return { effect: difference * units, interval }
}
