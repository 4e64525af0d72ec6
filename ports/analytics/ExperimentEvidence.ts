import type { Effect } from "effect"
import { Context } from "effect"
import type { EventSelection } from "./FunnelQuestion.ts"
import type { ExperimentMetric } from "../experiments/Experiment.ts"
import type { MetricSums } from "../experiments/MetricSums.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { InvalidQuestion } from "./InvalidQuestion.ts"

/** What is asked of one phase of an experiment. Times in ms UTC. */
export interface EvidenceQuestion {
  /** Its id, or the holdout's. */
  readonly experiment: string
  /** `experiment` by default; the variants of a holdout are its groups. */
  readonly exposedTo?: "experiment" | "holdout"
  readonly phase: number
  readonly variants: ReadonlyArray<string>
  readonly fromMillis: number
  /** Nothing from then on counts; `undefined`: the phase goes on. */
  readonly toMillis: number | undefined
  readonly metrics: ReadonlyArray<{
    readonly metric: ExperimentMetric
    /** Where it stands in what was asked, for mistakes in it. */
    readonly pointer: string
  }>
  /** Only people who are also units of this phase of another experiment, by both variants. */
  readonly beside?: Pick<EvidenceQuestion, "experiment" | "phase" | "variants" | "fromMillis" | "toMillis">
  /** Of a bandit: when each of its steps began. */
  readonly steps?: ReadonlyArray<number> | undefined
  /** What units are told apart by too, by its name. */
  readonly dimension?: string | undefined
}

/** Values of a dimension that are told; those of most units. */
export const experimentValuesMax = 20

/** How things stood at the end of a day; lists in the order of the variants, sums by metric. */
export interface EvidenceDay {
  readonly date: string
  readonly assigned: ReadonlyArray<number>
  readonly participants: ReadonlyArray<number>
  readonly sums: ReadonlyArray<ReadonlyArray<MetricSums>>
}

export interface Evidence {
  readonly days: ReadonlyArray<EvidenceDay>
  /** With units of several variants in the one that they saw first, where there are any. */
  readonly intended: ReadonlyArray<EvidenceDay> | undefined
  /** By the values of the dimension as it stood at or before the first exposure; the value of most units first. */
  readonly slices: ReadonlyArray<{ readonly value: string | null; readonly day: EvidenceDay }>
  readonly valuesLeftOut: number
  /** One for each step that was asked for: units that were first exposed in it, as they stand now. */
  readonly steps: ReadonlyArray<EvidenceDay>
  /** By metric: where totals were cut, in the metric's unit, and how many units have more; none where nothing is cut. */
  readonly cuts: ReadonlyArray<{ readonly cap: number; readonly units: number } | undefined>
  readonly fullDays: number
  readonly twoVariants: number
  readonly carriedOver: number
  readonly zone: string
  readonly currency: string
  readonly watermark: string
  readonly warnings: ReadonlyArray<{ readonly pointer: string; readonly detail: string }>
}

/** Traffic as an experiment would meet it: whoever does something for the first time of the range enters. Times in ms UTC. */
export interface TrafficQuestion extends Pick<EvidenceQuestion, "metrics"> {
  /** What enters a person; whatever they do where it is left out. */
  readonly trigger: EventSelection | undefined
  /** Whole days of the workspace's calendar, the last one being yesterday. */
  readonly days: number
}

/** What each day brought to each of many groups, into which people are hashed. */
export interface TrafficGroups {
  readonly fromMillis: number
  readonly toMillis: number
  readonly people: number
  /** By metric: for each day and, in it, each group, the figures of `groupFigures` that it grew by. */
  readonly grown: ReadonlyArray<Float64Array>
  readonly watermark: string
}

/**
 * What is told of a group, in this order: y of units, d of a ratio's denominator, x and m the same before the first
 * exposure, and their products over units with history.
 */
export const groupFigures = [
  "count",
  "y",
  "yy",
  "d",
  "dd",
  "yd",
  "x",
  "xx",
  "m",
  "mm",
  "xm",
  "history",
  "history_xy",
  "history_xd",
  "history_my",
  "history_md",
  "history_y",
  "history_d"
] as const

/** Sums of exposures and conversions from the one stream of events, people resolved as they are today. */
export class ExperimentEvidence extends Context.Service<
  ExperimentEvidence,
  {
    readonly gather: (
      workspace: WorkspaceId,
      question: EvidenceQuestion
    ) => Effect.Effect<Evidence, InvalidQuestion | PortFailure>
    /** As evidence of one variant, and the range that it is of. */
    readonly traffic: (
      workspace: WorkspaceId,
      question: TrafficQuestion
    ) => Effect.Effect<
      Evidence & { readonly fromMillis: number; readonly toMillis: number },
      InvalidQuestion | PortFailure
    >
    readonly groups: (
      workspace: WorkspaceId,
      question: TrafficQuestion & { readonly groups: number }
    ) => Effect.Effect<TrafficGroups, InvalidQuestion | PortFailure>
    /** Mistakes in what metrics count, with their places. */
    readonly check: (
      workspace: WorkspaceId,
      metrics: EvidenceQuestion["metrics"]
    ) => Effect.Effect<void, InvalidQuestion | PortFailure>
  }
>()("ports/analytics/ExperimentEvidence") {}
