import type { DecisionRule } from "../../../ports/experiments/DecisionRule.ts"
import type { AnalysedMetric, AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ExcludedUnits, ExperimentResults } from "../../../ports/experiments/ExperimentResults.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"

/** How an experiment stood at the end of a day, all lists in the order of the variants. */
export interface EvidenceDay {
  /** Of the workspace's calendar. */
  readonly date: string
  /** Units by their first exposure, each once, before any exclusion. */
  readonly assigned: ReadonlyArray<number>
  /** Units that are in the analysis. */
  readonly participants: ReadonlyArray<number>
  /** By metric, in the order of the metrics; cumulative. */
  readonly sums: ReadonlyArray<ReadonlyArray<MetricSums>>
}

/** Units that were first exposed while the traffic was shared in one way, all lists in the order of the variants. */
export interface AllocationStep {
  /** Of an assignment to the variant, as it was logged. */
  readonly probabilities: ReadonlyArray<number>
  /** Units by their first exposure, each once, before any exclusion. */
  readonly assigned: ReadonlyArray<number>
  /** By metric, in the order of the metrics. */
  readonly sums: ReadonlyArray<ReadonlyArray<MetricSums>>
}

/** All that results are computed from. */
export interface ExperimentEvidence {
  readonly experimentId: string
  readonly plan: AnalysisPlan
  /** Registered before the start; the usual one without it. */
  readonly rule?: DecisionRule | undefined
  /** Weights are those of the phase. */
  readonly variants: ReadonlyArray<{ readonly id: string; readonly name: string; readonly weight: number }>
  /** The variant that all others are compared with. */
  readonly control: string
  /** The first goal is the one that the short figures speak of. */
  readonly metrics: ReadonlyArray<AnalysedMetric>
  /** From the phase's first day on, one after the other; the last one may still go on. */
  readonly days: ReadonlyArray<EvidenceDay>
  /** Of a bandit: rates and means are weighted by their probabilities, and the split is checked step by step. */
  readonly steps?: ReadonlyArray<AllocationStep>
  /** The days again with people of two variants in the one that they saw first. */
  readonly intentionToTreat?: ReadonlyArray<EvidenceDay>
  /** Days that are over. */
  readonly fullDays: number
  /** Share of the targeted traffic that is in the experiment. */
  readonly coverage: number
  readonly excluded: ExcludedUnits
  /** By metric: where totals were cut, and how many units have more. */
  readonly cuts?: ReadonlyArray<{ readonly cap: number; readonly units: number } | undefined>
  /** What is doubtful about the figures, and where in the experiment. */
  readonly warnings?: ExperimentResults["warnings"]
  readonly watermark: string
}

export const noMetricSums: MetricSums = { count: 0, converted: 0, sum: 0, squares: 0 }
