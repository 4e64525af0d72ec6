import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { goals, goalsMax } from "../../../ports/analytics/Goal.ts"
import type { Goal, NewGoal } from "../../../ports/analytics/Goal.ts"
import type {
  GoalConversions,
  GoalQuestion,
  GoalRequest,
  OneGoalConversion
} from "../../../ports/analytics/GoalQuestion.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import { createKept, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { readFlatGoals } from "../../questions/goals/flatGoals.ts"
import type { FlatGoals } from "../../questions/goals/flatGoals.ts"
import { namedGoals } from "../../questions/goals/namedGoals.ts"
import { planGoal } from "../../questions/goals/planGoal.ts"
import { planGoals } from "../../questions/goals/planGoals.ts"
import { shapeGoals } from "../../questions/goals/shapeGoals.ts"
import { hashQuestion } from "../../questions/hashQuestion.ts"
import { withConversions } from "../../questions/planQuestion.ts"
import { alsoRestingOn, definitionOf } from "../../questions/revisions.ts"
import { shapeAnswer } from "../../questions/shapeAnswer.ts"
import { questionScope } from "./askQuestion.ts"
import { definitionsThat } from "./definitionUsers.ts"
import { conversionsOf, revenueWarnings } from "./conversions.ts"
import { resolveGoals } from "./goalRules.ts"
import { nameWarnings } from "./nameWarnings.ts"
import { PastDefinitions } from "./pastDefinitions.ts"

const check = Effect.fnUntraced(function* (workspace: WorkspaceId, definition: NewGoal) {
  const { errors } = planGoal(definition, yield* questionScope(workspace))
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
})

const allGoals = (workspace: WorkspaceId) => gatherItems(goals, workspace, (goal: Goal) => [goal])

export const createGoal = Effect.fnUntraced(function* (actor: Actor, definition: NewGoal) {
  yield* check(actor.workspace, definition)
  if ((yield* allGoals(actor.workspace)).length >= goalsMax) {
    const errors = [{ pointer: "", code: "too_many", detail: `${goalsMax} goals at the most` }]
    return yield* new Refused({ kind: "conflict", detail: "the workspace has as many goals as it may have", errors })
  }
  return yield* createKept(goals, actor, definition)
})

export const replaceGoal = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewGoal,
  revision: number
) {
  yield* check(actor.workspace, definition)
  return yield* replaceKept(goals, actor, id, definition, revision)
})

/** What the goal was at a revision becomes its newest; refused where it cannot mean that any more. */
export const restoreGoal = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewGoal>(goals, actor.workspace, id, revision)
  const standing = yield* readItem(goals, actor.workspace, id)
  return yield* replaceGoal(actor, id, definition, standing.revision)
})

/** Refused while funnels, cohorts or insights name it. */
export const removeGoal = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const users = yield* definitionsThat(actor.workspace, (definition) =>
    namedGoals(definition).some((named) => named.id === id)
  )
  yield* removeKept(goals, actor, id, revision, users)
})

/** The goals that are asked for, in that order. */
const askedGoals = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string> | undefined) {
  const known = yield* allGoals(workspace)
  const past = yield* PastDefinitions
  if (ids === undefined) return past.size === 0 ? known : known.filter(({ id }) => past.has(definitionOf(goals, id)))
  const errors = ids.flatMap((id, index) => {
    const pointer = `/goals/${index}`
    if (ids.indexOf(id) !== index) return [{ pointer, code: "duplicate_goal", detail: `${id} is given twice` }]
    return known.some((goal) => goal.id === id)
      ? []
      : [{ pointer, code: "unknown_goal", detail: `there is no goal ${id}` }]
  })
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
  return ids.map((id) => known.find((goal) => goal.id === id)!)
})

const answerGoals = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  request: GoalRequest,
  asked: ReadonlyArray<Goal>
) {
  const store = yield* EventStore
  const scope = yield* questionScope(workspace, request)
  const named = asked.map(({ id }) => ({ id, pointer: "" }))
  const { goals: resolved, revisions } = yield* resolveGoals(workspace, named, scope)
  const pairs = asked.flatMap((goal) => {
    const found = resolved.get(goal.id)
    return found === undefined ? [] : [found]
  })
  const read = planGoals(request, pairs, { ...scope, revisions: alsoRestingOn(scope.revisions, revisions) })
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const money = yield* conversionsOf(workspace, read.planned)
  const planned = withConversions(read.planned, money.runs, money.unconverted)
  const answer = yield* store.answer(planned.plan)
  const period = shapeAnswer(planned, answer)
  const { attribution } = yield* ExchangeRates
  const inMoney = planned.plan.metrics.some(({ kind }) => kind === "revenue")
  const result: GoalConversions = {
    from: period.from,
    to: period.to,
    buckets: period.buckets,
    items: shapeGoals(
      period,
      pairs.map(({ goal }) => goal),
      planned.currency
    ),
    time_zone: planned.zone,
    watermark: answer.watermark,
    query_hash: hashQuestion(workspace, read.planned, { ...request, metrics: read.planned.metricNames }),
    ...(inMoney ? { exchange_rates: { source: attribution.text, as_of: attribution.as_of } } : {}),
    warnings: [
      ...(yield* nameWarnings(workspace, { types: [], named: planned.named }, answer.watermark)),
      ...(inMoney ? revenueWarnings("/currency", money, answer) : [])
    ]
  }
  return result
})

/** Conversions and rates of all goals, or of those that are named. Errors name each wrong field. */
export const askGoals = Effect.fn("askGoals")(function* (
  workspace: WorkspaceId,
  { goals: ids, ...request }: GoalQuestion
) {
  return yield* answerGoals(workspace, request, yield* askedGoals(workspace, ids))
})

/** The same for the query string of a GET. */
export const askFlatGoals = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatGoals) {
  const read = readFlatGoals(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askGoals(workspace, read.question)
})

/** Conversions and rate of one kept goal. */
export const askKeptGoal = Effect.fn("askKeptGoal")(function* (workspace: WorkspaceId, id: string, flat: FlatGoals) {
  const read = readFlatGoals(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { goals: _, ...request } = read.question
  const { item } = yield* readItem<Goal>(goals, workspace, id)
  const { items, ...facts } = yield* answerGoals(workspace, request, [item])
  const [own] = items
  if (own === undefined) return yield* new Refused({ kind: "not-found", detail: `there is no goal ${id}`, errors: [] })
  const result: OneGoalConversion = { ...facts, ...own }
  return result
})
