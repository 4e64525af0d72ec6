import type {
  Comparison,
  ExperimentResults,
  IntentionToTreat,
  SplitCheck
} from "../../../ports/experiments/ExperimentResults.ts"
import { checkRatio, checkRatioBySteps } from "../../statistics/ratioMismatch.ts"
import { runToEnd } from "../../statistics/steps.ts"
import type { Steps } from "../../statistics/steps.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { toldSplit } from "./toldSplit.ts"
import { allocationResult, recommendArm } from "./allocationResult.ts"
import { compareFamilies } from "./compareFamilies.ts"
import { comparePair } from "./comparePair.ts"
import type { EvidenceDay, ExperimentEvidence } from "./ExperimentEvidence.ts"
import { metricResults } from "./metricResults.ts"
import { armsOf, pairsOf } from "./pairsOf.ts"
import type { Pairs } from "./pairsOf.ts"
import { progressOf } from "./planning.ts"
import { applyRule } from "./applyRule.ts"
import { seriesOf } from "./seriesOf.ts"
import { warningsOf } from "./warningsOf.ts"

/** Everything that is said of an experiment, from the sums that the store answered. An experiment without traffic is no error. */
export const assembleResults = (evidence: ExperimentEvidence): ExperimentResults => runToEnd(assembleInSteps(evidence))

/** The same in pieces, so that others can run between them. */
export const assembleInSteps = function* (evidence: ExperimentEvidence): Steps<ExperimentResults> {
  const { control, intentionToTreat, plan, variants } = evidence
  const sums = evidence.metrics.map((_, index) => armsOf(evidence.days.at(-1)?.sums[index], variants.length))
  const pairs = pairsOf(evidence, sums, evidence.steps)
  const comparisons = yield* compare(evidence, pairs)
  const metrics = metricResults(evidence, sums, pairs.estimates)
  yield undefined
  const goal = firstGoal(evidence)
  const needed = metrics[goal]?.sample_size_needed ?? null
  const progress = progressOf(evidence, needed ?? undefined)
  const split = splitOf(evidence)
  const allocation = evidence.steps === undefined ? undefined : allocationResult(evidence, goal, evidence.steps)
  const ruled = applyRule({ plan, comparisons, metrics, split, progress, rule: evidence.rule })
  return {
    experiment_id: evidence.experimentId,
    variants: variantsOf(evidence, goal),
    ...headlineOf(comparisons, control),
    sample_size_needed: needed,
    method: plan.method,
    plan,
    control,
    comparisons,
    metrics,
    series: yield* seriesOf(evidence),
    split,
    ...(intentionToTreat === undefined
      ? {}
      : { intention_to_treat: yield* treatedAsIntended(evidence, intentionToTreat) }),
    ...(allocation === undefined ? {} : { allocation }),
    excluded: evidence.excluded,
    progress,
    ...(allocation === undefined
      ? { recommendation: ruled.recommendation, decision_rule: ruled.verdict }
      : { recommendation: recommendArm(allocation, control, progress.full_days, split) }),
    warnings: warningsOf(evidence, metrics, split),
    watermark: evidence.watermark
  }
}

const compare = function* (
  evidence: ExperimentEvidence,
  { estimates, pairs }: Pairs
): Steps<ReadonlyArray<Comparison>> {
  const daily = dailyUnits(evidence)
  const comparisons: Array<Comparison> = []
  for (const tested of compareFamilies(pairs, evidence.plan)) {
    const index = evidence.metrics.indexOf(tested.pair.metric)
    comparisons.push(comparePair(tested, evidence.plan, estimates[index]!.adjusted, daily))
    yield undefined
  }
  return comparisons
}

const treatedAsIntended = function* (
  evidence: ExperimentEvidence,
  days: ReadonlyArray<EvidenceDay>
): Steps<IntentionToTreat> {
  const intended = { ...evidence, days }
  const comparisons = yield* compare(intended, pairsOf(intended, days.at(-1)?.sums ?? []))
  // Of a bandit these units are not told by step.
  return { comparisons, split: evidence.steps === undefined ? splitOf(intended) : null }
}

/** The first metric where no goal is named. */
const firstGoal = ({ metrics }: ExperimentEvidence): number =>
  Math.max(
    0,
    metrics.findIndex(({ role }) => role === "goal")
  )

/** The spec's line for each variant, of the first goal. */
const variantsOf = ({ days, variants }: ExperimentEvidence, goal: number): ExperimentResults["variants"] => {
  const last = days.at(-1)
  const arms = armsOf(last?.sums[goal], variants.length)
  return variants.map(({ id, name }, arm) => {
    const { converted, count } = arms[arm]!
    return {
      id,
      name,
      participants: last?.participants[arm] ?? 0,
      conversions: converted,
      conversion_rate: count > 0 ? converted / count : 0,
      // Nothing is known of a rate that nobody has had a chance of.
      confidence_interval: count > 0 ? wilsonInterval(converted, count) : [0, 1]
    }
  })
}

/** The comparison with the smallest adjusted p among the goals, and who won. */
const headlineOf = (
  comparisons: ReadonlyArray<Comparison>,
  control: string
): Pick<ExperimentResults, "winner" | "is_significant" | "p_value" | "lift"> => {
  const goals = comparisons
    .filter(({ role }) => role === "goal")
    .toSorted((a, b) => a.adjusted_p_value - b.adjusted_p_value || a.p_value - b.p_value)
  const first = goals[0]
  if (first === undefined) return { is_significant: false, p_value: 1, lift: 0 }
  const winner = winnerOf(goals, control)
  return {
    ...(winner === undefined ? {} : { winner }),
    is_significant: first.is_significant,
    p_value: first.adjusted_p_value,
    lift: first.lift ?? 0
  }
}

/** A variant that is better on a goal and worse on none; the control where all variants are worse. */
const winnerOf = (goals: ReadonlyArray<Comparison>, control: string): string | undefined => {
  const worse = new Set(goals.filter(({ verdict }) => verdict === "worse").map(({ variant }) => variant))
  const better = goals.find(({ variant, verdict }) => verdict === "better" && !worse.has(variant))
  if (better !== undefined) return better.variant
  return goals.every(({ variant }) => worse.has(variant)) ? control : undefined
}

const splitOf = ({ days, steps, variants }: ExperimentEvidence): SplitCheck | null => {
  const check =
    steps === undefined
      ? checkRatio(
          days.map(({ assigned }) => assigned),
          variants.map(({ weight }) => weight)
        )
      : checkRatioBySteps(steps.map(({ assigned, probabilities }) => ({ looks: [assigned], weights: probabilities })))
  return toldSplit(check)
}

/** Units that come a day to all of the targeted traffic, over the days that there were. */
const dailyUnits = ({ coverage, days }: ExperimentEvidence): number => {
  const units = (days.at(-1)?.participants ?? []).reduce((sum, count) => sum + count, 0)
  return days.length === 0 || !(coverage > 0) ? 0 : units / days.length / coverage
}
