import { Schema } from "effect"
import { AttributionQuestion, AttributionResult } from "./AttributionQuestion.ts"
import { FunnelQuestion, FunnelResult } from "./FunnelQuestion.ts"
import { LifecycleQuestion, LifecycleResult } from "./LifecycleQuestion.ts"
import { LifetimeQuestion, LifetimeResult } from "./LifetimeQuestion.ts"
import { PathQuestion, PathResult } from "./PathQuestion.ts"
import { Question, QuestionResult } from "./Question.ts"
import { RetentionQuestion, RetentionResult } from "./RetentionQuestion.ts"
import { SessionQuestion, SessionResult } from "./SessionQuestion.ts"
import { StickinessQuestion, StickinessResult } from "./StickinessQuestion.ts"

/** Days, weeks or months that a relative range may reach back. */
export const relativeLastMax = 1000

/**
 * The last so many days, weeks or months of the question's zone, the running one included and up to today; with
 * `complete`, those that are over.
 */
export const RelativeRange = Schema.Struct({
  last: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: relativeLastMax })),
  unit: Schema.Literals(["day", "week", "month"]),
  complete: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "RelativeRange" })
export type RelativeRange = typeof RelativeRange.Type

const range = { date_range: Schema.Union([Question.fields.date_range, RelativeRange]) }
export type AnyRange = typeof range.date_range.Type

const asked = {
  trend: Schema.Struct({ kind: Schema.Literal("trend"), ...Question.fields, ...range }),
  funnel: Schema.Struct({ kind: Schema.Literal("funnel"), ...FunnelQuestion.fields, ...range }),
  retention: Schema.Struct({ kind: Schema.Literal("retention"), ...RetentionQuestion.fields, ...range }),
  sessions: Schema.Struct({ kind: Schema.Literal("sessions"), ...SessionQuestion.fields, ...range }),
  attribution: Schema.Struct({ kind: Schema.Literal("attribution"), ...AttributionQuestion.fields, ...range }),
  ltv: Schema.Struct({ kind: Schema.Literal("ltv"), ...LifetimeQuestion.fields, ...range }),
  paths: Schema.Struct({ kind: Schema.Literal("paths"), ...PathQuestion.fields, ...range }),
  stickiness: Schema.Struct({ kind: Schema.Literal("stickiness"), ...StickinessQuestion.fields, ...range }),
  lifecycle: Schema.Struct({ kind: Schema.Literal("lifecycle"), ...LifecycleQuestion.fields, ...range })
}

/** Any question of the analytics module, told apart by `kind`. */
export const AnyQuestion = Schema.Union([
  asked.trend,
  asked.funnel,
  asked.retention,
  asked.sessions,
  asked.attribution,
  asked.ltv,
  asked.paths,
  asked.stickiness,
  asked.lifecycle
]).annotate({ identifier: "AnyQuestion" })
export type AnyQuestion = typeof AnyQuestion.Type
export type QuestionKind = AnyQuestion["kind"]

const answered = {
  trend: Schema.Struct({ kind: Schema.Literal("trend"), result: QuestionResult }),
  funnel: Schema.Struct({ kind: Schema.Literal("funnel"), result: FunnelResult }),
  retention: Schema.Struct({ kind: Schema.Literal("retention"), result: RetentionResult }),
  sessions: Schema.Struct({ kind: Schema.Literal("sessions"), result: SessionResult }),
  attribution: Schema.Struct({ kind: Schema.Literal("attribution"), result: AttributionResult }),
  ltv: Schema.Struct({ kind: Schema.Literal("ltv"), result: LifetimeResult }),
  paths: Schema.Struct({ kind: Schema.Literal("paths"), result: PathResult }),
  stickiness: Schema.Struct({ kind: Schema.Literal("stickiness"), result: StickinessResult }),
  lifecycle: Schema.Struct({ kind: Schema.Literal("lifecycle"), result: LifecycleResult })
}

/** A question's answer in its own shape, named by the question's kind. */
export const AnyAnswer = Schema.Union([
  answered.trend,
  answered.funnel,
  answered.retention,
  answered.sessions,
  answered.attribution,
  answered.ltv,
  answered.paths,
  answered.stickiness,
  answered.lifecycle
]).annotate({ identifier: "AnyAnswer" })
export type AnyAnswer = typeof AnyAnswer.Type
export type AnswerOf<Kind extends QuestionKind> = Extract<AnyAnswer, { readonly kind: Kind }>["result"]
