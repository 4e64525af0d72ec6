import { Schema } from "effect"
import { Recommendation, ResultRefusal } from "./ExperimentResults.ts"

const Interval = Schema.Tuple([Schema.Finite, Schema.Finite])

/** A finished experiment as an overview sees it. */
export interface FinishedExperiment {
  readonly id: string
  readonly outcome: "won" | "lost" | "inconclusive"
  /** Whether its change is live. */
  readonly shipped: boolean
  /** What its rule says; `undefined` where the figures cannot be had any more. */
  readonly recommendation: Recommendation | undefined
  /** Whether it was decided so; `undefined` before a decision, or where nothing is recommended. */
  readonly follows: boolean | undefined
  /** Relative lift of the metric that the overview is about, in the direction that is better, and its variance. */
  readonly lift: { readonly effect: number; readonly variance: number } | undefined
}

/** An arm's n, mean and variance of the mean. */
export interface CellEstimate {
  readonly count: number
  readonly mean: number
  readonly variance: number
}

/** Two experiments that ran at the same time, and people who were in both, by arms. */
export interface OverlappingExperiments {
  readonly first: string
  readonly second: string
  readonly bothControl: CellEstimate
  readonly onlyFirst: CellEstimate
  readonly onlySecond: CellEstimate
  readonly bothTreatment: CellEstimate
}

export const ExperimentProgramme = Schema.Struct({
  finished: Schema.Int,
  won: Schema.Int,
  lost: Schema.Int,
  inconclusive: Schema.Int,
  /** Of the finished ones; `null` before the first. */
  win_rate: Schema.NullOr(Schema.Finite),
  /** Wilson's, at 95 %. */
  win_rate_interval: Schema.NullOr(Interval),
  /** What shipped changes brought together, in percent: winners were picked because they looked large, and are drawn back. */
  impact: Schema.Union([
    Schema.Struct({
      outcome: Schema.Literal("estimated"),
      /** As measured, added up. */
      measured: Schema.Finite,
      /** After shrinkage. */
      lift: Schema.Finite,
      lift_interval: Interval,
      experiments: Schema.Array(
        Schema.Struct({ id: Schema.String, measured: Schema.Finite, shrunk: Schema.Finite, shipped: Schema.Boolean })
      )
    }),
    Schema.Struct({ outcome: Schema.Literal("refused"), reason: ResultRefusal })
  ]),
  /** Surest interaction first. */
  overlaps: Schema.Array(
    Schema.Struct({
      first: Schema.String,
      second: Schema.String,
      units: Schema.Int,
      /** What both do together beyond the sum of each, in the metric's unit; `null` where a cell is empty. */
      interaction: Schema.NullOr(Schema.Finite),
      interval: Schema.NullOr(Interval),
      p_value: Schema.NullOr(Schema.Finite),
      /** Holm, over all pairs. */
      adjusted_p_value: Schema.NullOr(Schema.Finite),
      interacts: Schema.Boolean
    })
  )
}).annotate({ identifier: "ExperimentProgramme" })
export type ExperimentProgramme = typeof ExperimentProgramme.Type

/** Pairs of experiments that are looked at for people in both, those that ran longest at the same time. */
export const overlapsMax = 10

/** Experiments that ran and are over, those that ended last first; each is judged by its last phase. */
export const ExperimentOverview = Schema.Struct({
  ...ExperimentProgramme.fields,
  /** What the impact is about; metrics of one id are taken to be one. `null` where no experiment has a goal. */
  metric: Schema.NullOr(Schema.String),
  experiments: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      /** As it was decided; before that, as the figures say. */
      outcome: Schema.Literals(["won", "lost", "inconclusive"]),
      /** Whether a variant other than the control was decided to be shipped. */
      shipped: Schema.Boolean,
      /** What its rule, registered or usual, says of its last phase; `null` where the figures cannot be had any more. */
      recommendation: Schema.NullOr(Recommendation),
      /** Whether it was decided as that says; `null` before a decision. */
      follows_rule: Schema.NullOr(Schema.Boolean)
    })
  ),
  /** Finished experiments before these, which the figures leave out. */
  left_out: Schema.Int,
  /** Pairs that ran at the same time, beside those that were looked at. */
  overlaps_left_out: Schema.Int
}).annotate({ identifier: "ExperimentOverview" })
export type ExperimentOverview = typeof ExperimentOverview.Type
