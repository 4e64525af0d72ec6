import { Schema } from "effect"
import { timestampPattern } from "../analytics/AnalyticsEvent.ts"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { DefinitionKey, Percent, VariantName } from "./FlagFile.ts"

/** Steps of one schedule. */
export const scheduleStepsMax = 50
/** Changes of one step. */
export const stepChangesMax = 20
/** Schedules of a workspace that are due and are looked at in one round, those due longest first; the others in the next. */
export const dueSchedulesMax = 1000
/** What happened to one schedule: the newest are kept. */
export const scheduleHistoryMax = 200
/** Longest wait of a step for the one before. */
export const stepWaitDaysMax = 366
const approversMax = 20

/** ISO 8601 with offset. What the service says is in UTC. */
const Instant = Schema.String.check(
  Schema.isPattern(timestampPattern, {
    message: "must be an ISO 8601 date and time with offset, like 2026-12-01T09:00:00+01:00"
  })
)

/** What a step waits for. */
export const StepGate = Schema.Union([
  /** An instant. */
  Schema.Struct({ kind: Schema.Literal("at"), at: Instant }),
  /** So long after the step before was due; of the first one, after the schedule was made. Time in a pause does not count. */
  Schema.Struct({
    kind: Schema.Literal("after"),
    seconds: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: stepWaitDaysMax * 86_400 }))
  }),
  /** Somebody with the scope `experiments:review`; one of these keys where they are named. */
  Schema.Struct({
    kind: Schema.Literal("approval"),
    approvers: Schema.optionalKey(
      Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))).check(
        Schema.isMinLength(1),
        Schema.isMaxLength(approversMax),
        Schema.isUnique()
      )
    )
  }),
  /** So many people first exposed, since the step before, to the experiment or release that the rule serves. */
  Schema.Struct({
    kind: Schema.Literal("sample"),
    rule: DefinitionKey,
    units: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 }))
  })
]).annotate({ identifier: "StepGate" })
export type StepGate = typeof StepGate.Type

/** One thing that a step does to the flag in its environment. What stands is changed, whoever changed it last. */
export const FlagChange = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["enable", "disable"]) }),
  Schema.Struct({ kind: Schema.Literal("set_percent"), rule: DefinitionKey, percent: Percent }),
  Schema.Struct({ kind: Schema.Literals(["enable_rule", "disable_rule", "remove_rule"]), rule: DefinitionKey }),
  /** The rule serves this variant alone. */
  Schema.Struct({ kind: Schema.Literal("serve"), rule: DefinitionKey, variant: VariantName }),
  /** Served where no rule does. */
  Schema.Struct({ kind: Schema.Literal("set_default"), variant: VariantName })
]).annotate({ identifier: "FlagChange" })
export type FlagChange = typeof FlagChange.Type

export const ScheduleStep = Schema.Struct({
  name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
  gate: StepGate,
  changes: Schema.Array(FlagChange).check(Schema.isMinLength(1), Schema.isMaxLength(stepChangesMax))
}).annotate({ identifier: "ScheduleStep" })
export type ScheduleStep = typeof ScheduleStep.Type

export const ScheduleStatus = Schema.Literals(["active", "paused", "completed", "cancelled"]).annotate({
  identifier: "ScheduleStatus"
})
export type ScheduleStatus = typeof ScheduleStatus.Type

/** How a step stands; times are ISO 8601 in UTC. */
export const StepState = Schema.Struct({
  /** When its gate opened. */
  due_at: Schema.NullOr(Schema.String),
  /** Later than that where the service was away. */
  applied_at: Schema.NullOr(Schema.String),
  approved_at: Schema.NullOr(Schema.String),
  approved_by: Schema.NullOr(Schema.String)
}).annotate({ identifier: "StepState" })
export type StepState = typeof StepState.Type

export const ScheduleRecord = Schema.Struct({
  /** ISO 8601 in UTC. */
  at: Schema.String,
  by: Schema.String,
  what: Schema.Literals(["made", "replaced", "approved", "applied", "paused", "resumed", "completed", "cancelled"]),
  /** From 1; several that were due together are one change. */
  steps: Schema.Array(Schema.Int),
  detail: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ScheduleRecord" })
export type ScheduleRecord = typeof ScheduleRecord.Type

export const ScheduleLife = Schema.Struct({
  status: ScheduleStatus,
  /** The first so many steps are done. */
  steps_applied: Schema.Int,
  /** By step. */
  states: Schema.Array(StepState),
  /** From when the next step's wait counts; a pause moves it. */
  waits_since: Schema.String,
  /** What the next step waits for; `until` where time alone opens its gate. */
  waits_for: Schema.NullOr(
    Schema.Struct({
      /** From 1. */
      step: Schema.Int,
      kind: Schema.Literals(["at", "after", "approval", "sample"]),
      until: Schema.NullOr(Schema.String)
    })
  ),
  /** Why and since when nothing is applied; `cannot_apply`: the flag has no longer what a step changes. */
  paused: Schema.NullOr(
    Schema.Struct({
      at: Schema.String,
      by: Schema.String,
      reason: Schema.Literals(["asked", "cannot_apply"]),
      detail: Schema.NullOr(Schema.String)
    })
  ),
  /** ms UTC of the next look; `null`: none until somebody does something. */
  next_at: Schema.NullOr(Schema.Int),
  /** The flag in its environment, which has one schedule at a time; `null` once it is over. */
  occupies: Schema.NullOr(Schema.String),
  /** Oldest first. */
  history: Schema.Array(ScheduleRecord)
})
export type ScheduleLife = typeof ScheduleLife.Type

/** Changes of a flag that are made later, one step after the other. */
export const schedules = resource({
  name: "schedules",
  singular: "schedule",
  identifier: "FlagSchedule",
  fields: {
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    /** Never changes. */
    flag: DefinitionKey,
    /** `production` by default; never changes. */
    environment: Schema.optionalKey(DefinitionKey),
    steps: Schema.Array(ScheduleStep).check(Schema.isMinLength(1), Schema.isMaxLength(scheduleStepsMax))
  },
  example: {
    name: "Three quarters on Tuesday, then all",
    flag: "new-checkout",
    steps: [
      {
        gate: { kind: "at", at: "2029-12-04T09:00:00+01:00" },
        changes: [{ kind: "set_percent", rule: "half-of-germany", percent: 75 }]
      },
      { gate: { kind: "approval" }, changes: [{ kind: "set_percent", rule: "half-of-germany", percent: 100 }] }
    ]
  }
})
export type NewFlagSchedule = typeof schedules.definition.Type

/** A schedule with its life. */
export const FlagSchedule = Schema.Struct({ ...schedules.item.fields, ...ScheduleLife.fields }).annotate({
  identifier: "FlagSchedule"
})
export type FlagSchedule = typeof FlagSchedule.Type

export const scheduleCollection: Collection = {
  ...schedules.collection,
  unique: ["occupies"],
  indexes: [
    ...schedules.collection.indexes,
    { name: "by_due", equals: [], sort: "next_at", direction: "ascending" },
    { name: "by_gate", equals: ["waits_for.kind"], sort: "created_at", direction: "ascending" },
    { name: "by_flag", equals: ["flag", "status"], sort: "created_at", direction: "descending" }
  ]
}

export const StepApproval = Schema.Struct({
  /** From 1; any step that waits for an approval, also ahead of its turn. */
  step: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: scheduleStepsMax }))
}).annotate({ identifier: "StepApproval", examples: [{ step: 2 }] })
export type StepApproval = typeof StepApproval.Type
