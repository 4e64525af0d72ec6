import { Schema } from "effect"
import { Recipients } from "../analytics/Alert.ts"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { ExperimentAnalysis, ExperimentMetric, metricsMax } from "./Experiment.ts"
import { ResultRefusal, SplitCheck } from "./ExperimentResults.ts"
import { DefinitionKey, UnitAttributes, VariantName } from "./FlagFile.ts"
import { MetricSums } from "./MetricSums.ts"

/** Steps of one release. */
export const releaseStepsMax = 20
/** Releases of a workspace that run at a time: each is looked at every few seconds. */
export const releasesRunningMax = 20
/** Longest stay at one step. */
export const releaseHoldDaysMax = 30
/** Where a step does not say. */
export const releaseStepDefaults = { hold_seconds: 3600, units: 100 } as const
/** From the end of one look at the running releases to the next. */
export const releaseLookMillis = 5000
/**
 * How long what one release rests on may take, and after which no further one of the same workspace is begun in a round:
 * those that had to wait come first in the next.
 */
export const releaseEvidenceMillisMax = 20_000
/** After which what people of an earlier step have done since is asked for again: one step a look. */
export const closedStepMillis = 30_000

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

/** A share of the traffic that gets the new variant, and what the next one waits for. */
export const ReleaseStep = Schema.Struct({
  /** Whole percents; more than at the step before. The others get the control at the same time. */
  percent: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 99 })),
  /** Least time at the step; an hour by default. */
  hold_seconds: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: releaseHoldDaysMax * 86_400 }))
  ),
  /** Least number of people first exposed at the step, on both sides together; 100 by default. */
  units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 })))
}).annotate({ identifier: "ReleaseStep" })
export type ReleaseStep = typeof ReleaseStep.Type

/** A rule of a flag whose variant is given to more and more people, and taken back once it does harm. */
export const releases = resource({
  name: "releases",
  singular: "release",
  identifier: "GuardedRelease",
  fields: {
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    flag: DefinitionKey,
    /** `production` by default. */
    environment: Schema.optionalKey(DefinitionKey),
    /** It serves the new variant; its targeting and unit are those of the release. */
    rule: DefinitionKey,
    /** What the others get meanwhile, and all after a rollback. */
    control: VariantName,
    steps: Schema.Array(ReleaseStep).check(Schema.isMinLength(1), Schema.isMaxLength(releaseStepsMax)),
    /** What must not suffer, each by its own margin. Histories before the exposure are not looked at. */
    guardrails: Schema.Array(ExperimentMetric).check(Schema.isMinLength(1), Schema.isMaxLength(metricsMax)),
    alpha: ExperimentAnalysis.fields.alpha,
    tuning_units: ExperimentAnalysis.fields.tuning_units,
    /** Each gets one message when it is rolled back. */
    recipients: Schema.optionalKey(Recipients)
  },
  example: {
    name: "New checkout, with care",
    flag: "new-checkout",
    rule: "half-of-germany",
    control: "off",
    steps: [
      { percent: 10, hold_seconds: 3600 },
      { percent: 50, hold_seconds: 86_400, units: 1000 }
    ],
    guardrails: [
      {
        id: "errors",
        measure: { kind: "rate", of: { event_types: ["checkout_failed"] } },
        direction: "decrease",
        margin: 0.05
      }
    ],
    recipients: ["anna@example.org"]
  }
})
export type NewGuardedRelease = typeof releases.definition.Type

export const ReleaseStatus = Schema.Literals([
  "running",
  /** Everybody gets the new variant. */
  "completed",
  /** A guardrail was harmed: everybody gets the control. */
  "rolled_back",
  /** Somebody ended it: everybody gets the control. */
  "aborted",
  /** The flag's rule was changed, so that it serves the release no longer; the flag is as it was made then. */
  "superseded"
]).annotate({ identifier: "ReleaseStatus" })
export type ReleaseStatus = typeof ReleaseStatus.Type

const Sides = Schema.Struct({ control: Schema.Int, treatment: Schema.Int })

/** A step that was begun; times are ISO 8601 in UTC. */
export const TakenStep = Schema.Struct({
  /** From 1; the phase that exposures name. */
  number: Schema.Int,
  percent: Schema.Int,
  started_at: Schema.String,
  ended_at: Schema.NullOr(Schema.String),
  /** People first exposed at it, once it is over. */
  units: Schema.NullOr(Sides),
  /** Whether people came to both sides as planned, by their first exposures; `null` while there are none. */
  split: Schema.optionalKey(Schema.NullOr(SplitCheck)),
  /** What they did from then on, by guardrail, also after the step: as it was known when the release last moved. */
  evidence: Schema.Array(Schema.Struct({ metric: Schema.String, control: MetricSums, treatment: MetricSums }))
}).annotate({ identifier: "TakenStep" })
export type TakenStep = typeof TakenStep.Type

export const ReleaseRecord = Schema.Struct({
  /** ISO 8601 in UTC. */
  at: Schema.String,
  by: Schema.String,
  what: Schema.Literals(["began", "stepped", "completed", "rolled_back", "aborted", "superseded"]),
  percent: Schema.Int,
  detail: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ReleaseRecord" })
export type ReleaseRecord = typeof ReleaseRecord.Type

export const ReleaseLife = Schema.Struct({
  status: ReleaseStatus,
  /** What is released. */
  treatment: VariantName,
  unit: Schema.optionalKey(UnitAttributes),
  /** The last one stands while it runs. */
  steps_taken: Schema.Array(TakenStep),
  /** How guardrails stood at its end. */
  verdicts: Schema.Array(ReleaseVerdict),
  /** Environment, flag and rule, which have one release at a time; `null` once it is over. */
  occupies: Schema.NullOr(Schema.String),
  /** Oldest first. */
  history: Schema.Array(ReleaseRecord)
})
export type ReleaseLife = typeof ReleaseLife.Type

/** A release with its life. */
export const GuardedRelease = Schema.Struct({ ...releases.item.fields, ...ReleaseLife.fields }).annotate({
  identifier: "GuardedRelease"
})
export type GuardedRelease = typeof GuardedRelease.Type

export const releaseCollection: Collection = {
  ...releases.collection,
  unique: ["occupies"],
  indexes: [
    ...releases.collection.indexes,
    { name: "by_status", equals: ["status"], sort: "created_at", direction: "descending" },
    { name: "by_flag", equals: ["flag", "status"], sort: "created_at", direction: "descending" }
  ]
}

/** What keeps a release at its step. */
export const ReleaseGate = Schema.Literals([
  /** Its time is not over. */
  "time",
  /** Too few people so far. */
  "units",
  /** A guardrail that nothing is known of yet. */
  "evidence",
  /**
   * At a step people did not come to the two sides as planned: something loses them on one side, so that the sides cannot
   * be compared. What loses them is to be found; the release is then completed by hand, or begun anew.
   */
  "split",
  /** Flag or rule is off. */
  "off",
  /** The environment asks for approvals by now: nothing changes there without them. */
  "approvals"
]).annotate({ identifier: "ReleaseGate" })
export type ReleaseGate = typeof ReleaseGate.Type

/** How a release stands. */
export const ReleaseReport = Schema.Struct({
  release: Schema.String,
  status: ReleaseStatus,
  /** With the people and sums of now. */
  steps: Schema.Array(TakenStep),
  verdicts: Schema.Array(ReleaseVerdict),
  /** The verdicts as they were at the end of each step, over all steps until then. */
  course: Schema.Array(
    Schema.Struct({ step: Schema.Int, percent: Schema.Int, verdicts: Schema.Array(ReleaseVerdict) })
  ),
  /** What the next step waits for; nothing where it is about to be taken, or it is over. */
  waits_for: Schema.Array(ReleaseGate),
  /** Of the events that count; `null` once it is over. */
  watermark: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ReleaseReport" })
export type ReleaseReport = typeof ReleaseReport.Type

export const ReleaseEnd = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(2000)))
}).annotate({ identifier: "ReleaseEnd", examples: [{ reason: "The shop's numbers look odd" }] })
export type ReleaseEnd = typeof ReleaseEnd.Type
