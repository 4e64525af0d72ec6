import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { ConversionRun } from "../../../ports/analytics/QueryPlan.ts"
import type { Question, QuestionResult } from "../../../ports/analytics/Question.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { factorBetween } from "../../money/conversion.ts"
import { exponentOf } from "../../money/minorUnits.ts"
import { blindIndex } from "../../privacy/personalData.ts"
import { hashQuestion } from "../../questions/hashQuestion.ts"
import { nearest } from "../../questions/nearest.ts"
import { planQuestion, previousPeriod, withConversions } from "../../questions/planQuestion.ts"
import type { PlannedQuestion, QuestionScope } from "../../questions/planQuestion.ts"
import { shapeAnswer } from "../../questions/shapeAnswer.ts"

/** What questions of a workspace are planned with. */
export const questionScope = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const settings = (yield* SettingsSource).current(workspace)
  const subjectKeys = yield* SubjectKeys
  const indexKey = yield* subjectKeys.workspaceKey(workspace, "index")
  const scope: QuestionScope = {
    workspace,
    timeZone: settings.time_zone,
    weekStart: settings.week_start,
    currency: settings.currency,
    personalFields: settings.ingest.personal_fields,
    blindIndex: (property, value) => blindIndex({ workspace, indexKey, pseudonymKey: indexKey }, property, value)
  }
  return scope
})

/** Answers a question of the grammar: plan, rows, result. Errors name each wrong field. */
export const askQuestion = Effect.fn("askQuestion")(function* (
  workspace: WorkspaceId,
  question: Question
): Effect.fn.Return<
  QuestionResult,
  InvalidQuestion | PortFailure,
  EventStore | ExchangeRates | SettingsSource | SubjectKeys
> {
  const store = yield* EventStore
  const scope = yield* questionScope(workspace)
  const read = planQuestion(question, scope)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const answerOf = Effect.fnUntraced(function* (planned: PlannedQuestion) {
    const converted = withConversions(planned, yield* conversionsOf(workspace, planned))
    const answer = yield* store.answer(converted.plan)
    return { answer, period: shapeAnswer(converted, answer) }
  })
  const { answer, period } = yield* answerOf(read.planned)
  const previous =
    question.compare === undefined
      ? undefined
      : yield* answerOf(previousPeriod(read.planned, question.interval, scope.weekStart))
  const { skip, top } = read.planned.plan
  return {
    ...period,
    ...(previous === undefined ? {} : { previous: previous.period }),
    time_zone: read.planned.zone,
    currency: read.planned.currency,
    watermark: answer.watermark,
    query_hash: hashQuestion(workspace, read.planned, question),
    warnings: yield* warningsOf(workspace, question),
    next_offset: answer.groups.length === top ? skip + top : null
  }
})

/** Factors from every currency that occurs to the asked one, from each business day on. */
const conversionsOf = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { currency, exponent, plan }: PlannedQuestion
) {
  if (!plan.metrics.some((metric) => metric.kind === "revenue")) return []
  const store = yield* EventStore
  const rates = yield* ExchangeRates
  const day = (millis: number) => new Date(millis).toISOString().slice(0, 10)
  const [first, last] = [day(plan.fromMillis), day(plan.toMillis - 1)]
  const target = rates.euroRates(currency, first, last)
  return (yield* store.currencies(workspace, plan.fromMillis, plan.toMillis)).flatMap(
    (from): ReadonlyArray<ConversionRun> => {
      const fromExponent = exponentOf(from)
      if (fromExponent === undefined) return []
      if (from === currency) return [{ currency: from, fromMillis: 0, numerator: 1n, denominator: 1n }]
      const days = [...new Set([...rates.euroRates(from, first, last), ...target].map((rate) => rate.day))].toSorted()
      return days.flatMap((each) => {
        const source = rates.euroRate(from, each)
        const into = rates.euroRate(currency, each)
        if (source === undefined || into === undefined) return []
        const factor = factorBetween({ ...source, exponent: fromExponent }, { ...into, exponent })
        return [{ currency: from, fromMillis: Date.parse(`${each}T00:00:00Z`), ...factor }]
      })
    }
  )
})

const warningsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, question: Question) {
  const asked = question.event_types ?? []
  if (asked.length === 0) return []
  const store = yield* EventStore
  const known = (yield* store.eventTypes(workspace)).map((each) => each.event_type)
  return asked.flatMap((name, index) => {
    if (known.includes(name)) return []
    const near = nearest(name, known)
    const detail = `no event of the type ${name} has come yet${near === undefined ? "" : `; did you mean ${near}?`}`
    return [{ pointer: `/event_types/${index}`, detail }]
  })
})
