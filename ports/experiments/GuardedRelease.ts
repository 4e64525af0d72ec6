import { Schema } from "effect"
import { ResultRefusal } from "./ExperimentResults.ts"
import type { MetricSums } from "./MetricSums.ts"

/** What happened in one step of a release: first exposures of that step only, both sides drawn at the same time. */
export interface ReleaseEvidence {
  readonly control: MetricSums
  readonly treatment: MetricSums
}

const watched = {
  metric: Schema.String,
  /** Loss that is put up with, in percent of the control. */
  margin: Schema.Finite,
  units: Schema.Int
}

/** A guardrail of a release, as it stands over all steps so far. */
export const ReleaseVerdict = Schema.Union([
  Schema.Struct({
    ...watched,
    /** `harmed` is what rolls back: the best that the data leave possible is beyond the margin. */
    state: Schema.Literals(["safe", "at_risk", "harmed"]),
    /** Over the steps, each weighing as many as came in it. */
    control_mean: Schema.Finite,
    treatment_mean: Schema.Finite,
    /** In percent; `null` where the control is zero. */
    lift: Schema.NullOr(Schema.Finite),
    lift_interval: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
    /** `null` where neither side varies. */
    p_value: Schema.NullOr(Schema.Finite)
  }),
  Schema.Struct({ ...watched, state: Schema.Literal("unknown"), reason: ResultRefusal })
]).annotate({ identifier: "ReleaseVerdict" })
export type ReleaseVerdict = typeof ReleaseVerdict.Type
