import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { Question, QuestionResult, ResultPeriod } from "../../../ports/analytics/Question.ts"
import { isMoney } from "../../../ports/analytics/TrendPlan.ts"
import type { TrendRows } from "../../../ports/analytics/TrendPlan.ts"
import type { Computation } from "../../../ports/platform/Computation.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import { recordedStep } from "../../../ports/platform/Tracing.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { blindIndex, storedId } from "../../privacy/personalData.ts"
import { channelRulesOf } from "../../questions/channels.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"
import { namedGoals } from "../../questions/goals/namedGoals.ts"
import { readFlatQuestion } from "../../questions/flatQuestion.ts"
import type { FlatQuestion } from "../../questions/flatQuestion.ts"
import { hashQuestion } from "../../questions/hashQuestion.ts"
import { planChannelRules } from "../../questions/planChannelRules.ts"
import type { FilterScope } from "../../questions/planFilter.ts"
import { planQuestion, previousPeriod, withConversions } from "../../questions/planQuestion.ts"
import type { PlannedQuestion } from "../../questions/planQuestion.ts"
import type { QuestionScope } from "../../questions/QuestionScope.ts"
import { alsoRestingOn, revisionsText } from "../../questions/revisions.ts"
import { sessionLimitsOf, sourceRulesOf } from "../../questions/sessions/sessionRules.ts"
import { shapeAnswer } from "../../questions/shapeAnswer.ts"
import { uncertainRequest, uncertainStatistics, withIntervals } from "../../questions/uncertainTrend.ts"
import { askBeside } from "./askAt.ts"
import { resolveCohorts } from "./cohortRules.ts"
import { conversionsOf, moneyWarnings } from "./conversions.ts"
import { resolveGoals } from "./goalRules.ts"
import { keptChannelRules } from "./keptChannelRules.ts"
import { drawIntervals } from "./drawIntervals.ts"
import { nameWarnings } from "./nameWarnings.ts"
import { revisionsOfWorld } from "./pastDefinitions.ts"

/** What questions of a workspace are planned with, and the cohorts that this one names. */
export const questionScope = Effect.fnUntraced(function* (workspace: WorkspaceId, question?: unknown) {
  const settings = (yield* SettingsSource).current(workspace)
  const subjectKeys = yield* SubjectKeys
  const rates = yield* ExchangeRates
  const indexKey = yield* subjectKeys.workspaceKey(workspace, "index")
  const pseudonymKey = yield* subjectKeys.workspaceKey(workspace, "pseudonym")
  const secrets = { workspace, indexKey, pseudonymKey }
  const filterScope: FilterScope = {
    personalFields: settings.ingest.personal_fields,
    channelRules: [],
    asOf: "today",
    blindIndex: (name, value) => blindIndex(secrets, name, value),
    storedId: (id) => storedId(secrets, id)
  }
  const channels = yield* keptChannelRules(workspace)
  const ownRules = planChannelRules(channels.kept?.rules ?? [], filterScope).rules
  const scope: QuestionScope = {
    ...filterScope,
    cohorts: new Map(),
    goals: new Map(),
    workspace,
    timeZone: settings.time_zone,
    weekStart: settings.week_start,
    currency: settings.currency,
    sessionLimits: sessionLimitsOf(settings.ingest),
    sources: sourceRulesOf(settings.ingest.own_domains),
    channelRules: channelRulesOf(ownRules, settings.ingest.own_domains),
    revisions: revisionsText("", [...revisionsOfWorld(settings, rates), ...channels.carried])
  }
  const namedGoal = namedGoals(question)
  const { goals, revisions: ofGoals } = yield* resolveGoals(workspace, namedGoal, scope)
  const ofEvents =
    namedGoal.length === 0 ? scope : { ...scope, goals, revisions: alsoRestingOn(scope.revisions, ofGoals) }
  const named = namedCohorts(question)
  if (named.length === 0) return ofEvents
  const { cohorts, revisions } = yield* resolveCohorts(workspace, named, ofEvents)
  return { ...ofEvents, cohorts, revisions: alsoRestingOn(ofEvents.revisions, revisions) }
})

/** The period with intervals: drawn by query and watermark alone. */
const uncertainPeriod = Effect.fnUntraced(function* (
  planned: PlannedQuestion,
  period: ResultPeriod,
  people: NonNullable<TrendRows["people"]>,
  groups: number,
  seed: string
) {
  const drawn = yield* drawIntervals(people, uncertainStatistics(planned, groups), (rows) =>
    uncertainRequest(planned, groups, rows, seed)
  )
  return withIntervals(planned, period, groups, drawn)
})

/** Answers a question of the grammar: plan, rows, result. Errors name each wrong field. */
export const askQuestion = Effect.fn("askQuestion")(function* (
  workspace: WorkspaceId,
  question: Question
): Effect.fn.Return<
  QuestionResult,
  InvalidQuestion | PortFailure,
  Computation | DocumentStore | EventStore | ExchangeRates | SettingsSource | SubjectKeys
> {
  const scope = yield* questionScope(workspace, question)
  const read = yield* recordedStep(
    "planQuestion",
    Effect.sync(() => planQuestion(question, scope))
  )
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { planned } = read
  const queryHash = hashQuestion(workspace, planned, question)
  const answerOf = Effect.fnUntraced(function* (each: PlannedQuestion) {
    const money = yield* conversionsOf(workspace, each)
    const converted = withConversions(each, money.runs, money.unconverted)
    const answer = yield* (yield* EventStore).answer(converted.plan)
    const shaped = shapeAnswer(converted, answer)
    const period =
      answer.people === undefined
        ? shaped
        : yield* uncertainPeriod(each, shaped, answer.people, answer.groups.length, `${queryHash}|${answer.watermark}`)
    return { answer, period, warnings: moneyWarnings(converted, money, answer) }
  })
  const { answer, period, warnings } = yield* answerOf(planned)
  const previous =
    question.compare === undefined
      ? undefined
      : yield* askBeside(
          workspace,
          answer.watermark,
          answerOf(previousPeriod(planned, question.interval, scope.weekStart, answer.groups))
        )
  const { metrics, skip, top } = planned.plan
  const { attribution } = yield* ExchangeRates
  return {
    ...period,
    ...(previous === undefined ? {} : { previous: { ...previous.period, watermark: previous.answer.watermark } }),
    time_zone: planned.zone,
    currency: planned.currency,
    watermark: answer.watermark,
    query_hash: queryHash,
    ...(metrics.some(isMoney) ? { exchange_rates: { source: attribution.text, as_of: attribution.as_of } } : {}),
    warnings: [
      ...(yield* nameWarnings(
        workspace,
        {
          types: (question.event_types ?? []).map((name, index) => ({ name, pointer: `/event_types/${index}` })),
          named: planned.named
        },
        answer.watermark
      )),
      ...warnings
    ],
    next_offset: answer.more ? skip + top : null
  }
})

/** The same for the query string of a GET. */
export const askFlatQuestion = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatQuestion) {
  const read = readFlatQuestion(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askQuestion(workspace, read.question)
})
