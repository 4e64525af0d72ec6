import { Schema } from "effect"
import { AttributionQuestion } from "./AttributionQuestion.ts"
import { ClickQuestion } from "./ClickQuestion.ts"
import { cohorts } from "./Cohort.ts"
import { FunnelQuestion } from "./FunnelQuestion.ts"
import { GoalQuestion } from "./GoalQuestion.ts"
import { HeatmapQuestion } from "./HeatmapQuestion.ts"
import { LifecycleQuestion } from "./LifecycleQuestion.ts"
import { LifetimeQuestion } from "./LifetimeQuestion.ts"
import { DeviceClass } from "./PageQuestion.ts"
import { PathNode, PathQuestion } from "./PathQuestion.ts"
import { Question } from "./Question.ts"
import { RetentionQuestion } from "./RetentionQuestion.ts"
import { SessionQuestion } from "./SessionQuestion.ts"
import { StickinessQuestion } from "./StickinessQuestion.ts"

const NullableText = Schema.NullOr(Schema.String)

/** A number that an answer shows, and so the people who are counted in it: the question, and the number's place. */
export const ShownNumber = Schema.Union([
  Schema.Struct({
    funnel: FunnelQuestion,
    /** From 1 on. */
    step: Schema.Int,
    /** `reached` (the default): came to this step; `dropped`: to the one before, and no further. */
    outcome: Schema.optionalKey(Schema.Literals(["reached", "dropped"])),
    /** Of the dimension. */
    value: Schema.optionalKey(NullableText)
  }),
  Schema.Struct({
    retention: RetentionQuestion,
    /** Index into `cohorts`. */
    cohort: Schema.Int,
    /** Index into the cohort's `periods`; without it, everybody of the cohort. */
    period: Schema.optionalKey(Schema.Int),
    outcome: Schema.optionalKey(Schema.Literals(["returned", "not_returned"]))
  }),
  Schema.Struct({
    /** Its metric `people`. */
    trend: Question,
    /** Index into `buckets`; without it, the whole range. */
    bucket: Schema.optionalKey(Schema.Int),
    /** Of the dimensions. */
    values: Schema.optionalKey(Schema.Array(NullableText))
  }),
  Schema.Struct({
    stickiness: StickinessQuestion,
    /** Without it, everybody who was active. */
    intervals: Schema.optionalKey(Schema.Int),
    /** Active on so many or more. */
    at_least: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.Struct({
    lifecycle: LifecycleQuestion,
    /** Index into `periods`. */
    period: Schema.Int,
    state: Schema.Literals(["active", "new", "returning", "resurrecting", "dormant"])
  }),
  Schema.Struct({
    paths: PathQuestion,
    /** Of a node or an edge; without it, everybody who has a path. */
    step: Schema.optionalKey(Schema.Int),
    node: Schema.optionalKey(PathNode),
    /** Who passed the node (the default), or whose path goes no further. */
    outcome: Schema.optionalKey(Schema.Literals(["passed", "dropped"])),
    /** An edge, instead of a node. */
    from: Schema.optionalKey(PathNode),
    to: Schema.optionalKey(PathNode)
  }),
  Schema.Struct({
    /** Its metric `people`. */
    sessions: SessionQuestion,
    /** Index into `buckets`; without it, the whole range. */
    bucket: Schema.optionalKey(Schema.Int),
    /** Of the dimension. */
    value: Schema.optionalKey(NullableText)
  }),
  Schema.Struct({
    goals: GoalQuestion,
    /** Whose converters are meant; without it, the visitors. */
    goal: Schema.optionalKey(Schema.String),
    /** Of a goal: who converted (the default), or the visitors who did not. */
    outcome: Schema.optionalKey(Schema.Literals(["converted", "not_converted"])),
    bucket: Schema.optionalKey(Schema.Int),
    value: Schema.optionalKey(NullableText)
  }),
  Schema.Struct({
    /** Everybody who converted, unless a value is named. */
    attribution: AttributionQuestion,
    /** Of the dimension: who converted with such a touch. */
    value: Schema.optionalKey(NullableText),
    /** Who has a conversion that nothing touched. */
    unattributed: Schema.optionalKey(Schema.Literal(true))
  }),
  Schema.Struct({
    /** Customers of a cohort. */
    ltv: LifetimeQuestion,
    /** Index into `cohorts`. */
    cohort: Schema.Int
  }),
  Schema.Struct({
    clicks: ClickQuestion,
    /** Without it, all clicks. */
    element: Schema.optionalKey(Schema.Struct({ selector: Schema.String, host: NullableText, path: NullableText })),
    /** `people` (the default), `rage_people` or `dead_people`. */
    counted: Schema.optionalKey(Schema.Literals(["all", "rage", "dead"]))
  }),
  Schema.Struct({
    /** Of a map's `page`, or of its `fixed`, the people; of one of its cells or elements, theirs. */
    heatmap: HeatmapQuestion,
    device: Schema.NullOr(DeviceClass),
    fixed: Schema.optionalKey(Schema.Boolean),
    cell: Schema.optionalKey(Schema.Struct({ column: Schema.Int, row: Schema.Int })),
    selector: Schema.optionalKey(Schema.String)
  })
]).annotate({ identifier: "ShownNumber" })
export type ShownNumber = typeof ShownNumber.Type

const example: ShownNumber = {
  funnel: {
    date_range: { from: "2026-11-01", to: "2026-11-23" },
    steps: [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }]
  },
  step: 2,
  outcome: "dropped"
}

export const PeopleQuestion = Schema.Struct({
  of: ShownNumber,
  /** 1 to 100, 25 by default. */
  limit: Schema.optionalKey(Schema.Int),
  /** The `next` of the page before. */
  cursor: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
}).annotate({ identifier: "PeopleQuestion", examples: [{ of: example }] })
export type PeopleQuestion = typeof PeopleQuestion.Type

/** A static cohort of the people behind a number as it is now. */
export const CohortOfPeople = Schema.Struct({
  name: cohorts.definition.fields.name,
  description: cohorts.definition.fields.description,
  of: ShownNumber
}).annotate({ identifier: "CohortOfPeople", examples: [{ name: "Saw and did not buy", of: example }] })
export type CohortOfPeople = typeof CohortOfPeople.Type
