import type { Breakdown, Comparison } from "../../../ports/experiments/ExperimentResults.ts"
import { runToEnd } from "../../statistics/steps.ts"
import type { Steps } from "../../statistics/steps.ts"
import { compareFamilies } from "./compareFamilies.ts"
import { comparePair } from "./comparePair.ts"
import type { ArmPair } from "./ArmPair.ts"
import type { EvidenceDay, ExperimentEvidence } from "./ExperimentEvidence.ts"
import { pairsOf } from "./pairsOf.ts"

/** People who share a value of a dimension, as they stand now; `null` are those without a value. */
export interface EvidenceSlice {
  readonly value: string | null
  readonly day: EvidenceDay
}

/**
 * An experiment by the values of a dimension. Looking at many slices finds something in one of them by chance, so all
 * slices are one family; nothing is projected from a slice.
 */
export const breakDown = (
  evidence: ExperimentEvidence,
  slices: ReadonlyArray<EvidenceSlice>
): ReadonlyArray<Breakdown> => runToEnd(breakDownInSteps(evidence, slices))

/** The same in pieces, so that others can run between them. */
export const breakDownInSteps = function* (
  evidence: ExperimentEvidence,
  slices: ReadonlyArray<EvidenceSlice>
): Steps<ReadonlyArray<Breakdown>> {
  const told = slices.map(({ day }) => pairsOf(evidence, day.sums))
  yield undefined
  const pairs = told.flatMap((slice) => slice.pairs)
  const tested = new Map(compareFamilies(pairs, evidence.plan).map((answer) => [answer.pair, answer] as const))
  const breakdowns: Array<Breakdown> = []
  for (const [slice, { day, value }] of slices.entries()) {
    const { estimates, pairs: own } = told[slice]!
    const adjusted = ({ metric }: ArmPair): boolean => estimates[evidence.metrics.indexOf(metric)]!.adjusted
    const comparisons: Array<Comparison> = []
    for (const pair of own) {
      // Beliefs about two rates take some ten milliseconds.
      yield undefined
      comparisons.push({ ...comparePair(tested.get(pair)!, evidence.plan, adjusted(pair), 0), projected: null })
    }
    breakdowns.push({ value, participants: day.participants, comparisons })
  }
  return breakdowns
}
