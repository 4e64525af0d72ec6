import { Schema } from "effect"
import { EventSelection } from "../analytics/FunnelQuestion.ts"
import { ExperimentMetric } from "./Experiment.ts"
import type { AnalysedMetric } from "./ExperimentAnalysis.ts"
import { AlarmShare, proofDaysMax, proofDefaults, proofRunsMax } from "./PeekingProof.ts"

export const shadowMetricsMax = 5
export const shadowDaysMin = 7
/** Groups into which people are hashed; each run puts half of them into either arm. */
export const shadowGroups = 256

/** Experiments without any change on the workspace's own people of the last days, each looked at every day. */
export const ShadowRequest = Schema.Struct({
  /** Goals of the workspace's experiments, the newest first, where none are given. */
  metrics: Schema.optionalKey(
    Schema.Array(ExperimentMetric).check(Schema.isMinLength(1), Schema.isMaxLength(shadowMetricsMax))
  ),
  /** What enters a person; whatever they do by default. */
  trigger: Schema.optionalKey(EventSelection),
  /** Whole days before today, 28 by default. */
  days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: shadowDaysMin, maximum: proofDaysMax }))),
  runs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: proofRunsMax }))),
  /** Equal seeds give equal answers. */
  seed: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))),
  alpha: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.5 }))),
  tuning_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 1_000_000_000 })))
}).annotate({
  identifier: "ShadowRequest",
  examples: [
    { metrics: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }], runs: 200 }
  ]
})
export type ShadowRequest = typeof ShadowRequest.Type
export const shadowDefaults = proofDefaults

export const ShadowResult = Schema.Struct({
  /** Of the days, in ms UTC. */
  from: Schema.Int,
  to: Schema.Int,
  /** Who entered. */
  people: Schema.Int,
  days: Schema.Int,
  runs: Schema.Int,
  seed: Schema.Int,
  alpha: Schema.Finite,
  metrics: Schema.Array(
    Schema.Struct({
      metric: Schema.String,
      /** Runs in which the arms could be compared on a day or more; alarms are shares of these. */
      runs: Schema.Int,
      /** By the sequence, which is made for being looked at every day. */
      sequential: AlarmShare,
      /** The same of a test that is made for one look. */
      fixed: AlarmShare
    })
  ),
  /** The same request is answered from this computation until the day is over. */
  computed_at: Schema.Int,
  watermark: Schema.String
}).annotate({ identifier: "ShadowResult" })
export type ShadowResult = typeof ShadowResult.Type

/** All that the runs need, as it crosses to the thread that computes them. */
export interface ShadowRunsRequest {
  readonly days: number
  readonly groups: number
  readonly runs: number
  readonly seed: number
  readonly alpha: number
  readonly tuningUnits: number
  readonly metrics: ReadonlyArray<AnalysedMetric>
  /** By metric, as `TrafficGroups.grown` has them. */
  readonly grown: ReadonlyArray<Float64Array>
}

export interface ShadowRunsOutcome {
  /** By metric. */
  readonly metrics: ReadonlyArray<{ readonly runs: number; readonly alarms: number; readonly fixedAlarms: number }>
}
