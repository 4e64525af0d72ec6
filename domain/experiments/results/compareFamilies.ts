import type { AnalysisPlan, MetricRole } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ResultRefusal, TestBlock } from "../../../ports/experiments/ExperimentResults.ts"
import type { SequenceDesign } from "../../statistics/confidenceSequence.ts"
import { correctFamily, eBenjaminiHochberg } from "../../statistics/multipleComparisons.ts"
import type { CorrectedFamily, Correction } from "../../statistics/multipleComparisons.ts"
import type { ArmPair } from "./ArmPair.ts"
import { percents } from "./percent.ts"
import { testAnyTime, testFixed } from "./testPair.ts"
import type { PairTest } from "./testPair.ts"

/** What tests say of a pair, all ways beside each other. */
export interface TestedPair {
  readonly pair: ArmPair
  readonly fixed: TestBlock
  readonly sequential: TestBlock
}

export const designOf = ({ alpha, tuning_units }: AnalysisPlan): SequenceDesign => ({
  alpha,
  tuningUnits: tuning_units
})

/**
 * Families are corrected by themselves: goals × variants, secondary metrics × variants. Guardrails are not corrected: it is
 * harm that they must not overlook. Answers in the order of the pairs.
 */
export const compareFamilies = (pairs: ReadonlyArray<ArmPair>, plan: AnalysisPlan): ReadonlyArray<TestedPair> => {
  const tested = new Map<ArmPair, TestedPair>()
  for (const role of ["goal", "secondary", "guardrail"] as const)
    for (const answer of compareFamily(
      pairs.filter(({ metric }) => metric.role === role),
      role,
      plan
    ))
      tested.set(answer.pair, answer)
  return pairs.map((pair) => tested.get(pair)!)
}

const compareFamily = (
  family: ReadonlyArray<ArmPair>,
  role: MetricRole,
  plan: AnalysisPlan
): ReadonlyArray<TestedPair> => {
  const correction = role === "guardrail" ? "none" : plan.correction
  const fixed = corrected(family, correction, plan.alpha, testFixed)
  const sequential = corrected(family, correction, plan.alpha, (pair, level) =>
    testAnyTime(pair, designOf(plan), level)
  )
  return family.map((pair, index) => ({
    pair,
    fixed: fixed[index]!,
    sequential: sequential[index]!
  }))
}

/** p-values first, then intervals at the level that the corrected p-values leave. */
const corrected = (
  family: ReadonlyArray<ArmPair>,
  correction: Correction,
  alpha: number,
  test: (pair: ArmPair, level: number) => PairTest | ResultRefusal
): ReadonlyArray<TestBlock> => {
  const { adjusted, intervalAlpha } = correctTests(
    family.map((pair) => test(pair, alpha)),
    correction,
    alpha
  )
  return family.map((pair, index): TestBlock => {
    const answer = test(pair, intervalAlpha)
    if (typeof answer === "string") return { outcome: "refused", reason: answer }
    return {
      outcome: "tested",
      p_value: answer.pValue,
      adjusted_p_value: adjusted[index]!,
      is_significant: adjusted[index]! < alpha,
      difference_interval: answer.difference,
      lift_interval: percents(answer.lift)
    }
  })
}

/** What cannot be tested stays in its family, as evidence of nothing. */
const correctTests = (
  tests: ReadonlyArray<PairTest | ResultRefusal>,
  correction: Correction,
  alpha: number
): CorrectedFamily => {
  const pValues = tests.map((test) => (typeof test === "string" ? 1 : test.pValue))
  const family = correctFamily(pValues, correction, alpha)
  const eValues = tests.map((test) => (typeof test === "string" ? 0 : test.eValue))
  if (correction !== "benjamini_hochberg" || !eValues.every((e) => e !== undefined)) return family
  const adjusted = eBenjaminiHochberg(eValues)
  const found = adjusted.filter((p) => p < alpha).length
  return { adjusted, intervalAlpha: (alpha * Math.max(1, found)) / Math.max(1, tests.length) }
}
