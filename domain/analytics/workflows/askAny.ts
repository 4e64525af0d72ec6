import { Clock, Effect } from "effect"
import type { AnyAnswer, AnyQuestion } from "../../../ports/analytics/AnyQuestion.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { planLifecycle } from "../../questions/activity/planLifecycle.ts"
import { planStickiness } from "../../questions/activity/planStickiness.ts"
import { planAttribution } from "../../questions/attribution/planAttribution.ts"
import { planFunnel } from "../../questions/funnel/planFunnel.ts"
import { planLifetime } from "../../questions/lifetime/planLifetime.ts"
import { planPaths } from "../../questions/paths/planPaths.ts"
import { planQuestion } from "../../questions/planQuestion.ts"
import type { QuestionScope } from "../../questions/QuestionScope.ts"
import { resolveRange } from "../../questions/relativeRange.ts"
import { planRetention } from "../../questions/retention/planRetention.ts"
import { planSessions } from "../../questions/sessions/planSessions.ts"
import { isZone } from "../../zones/zones.ts"
import { askAttribution } from "./askAttribution.ts"
import { askFunnel } from "./askFunnel.ts"
import { askLifecycle } from "./askLifecycle.ts"
import { askLifetime } from "./askLifetime.ts"
import { askPaths } from "./askPaths.ts"
import { askQuestion, questionScope } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"
import { askSessions } from "./askSessions.ts"
import { askStickiness } from "./askStickiness.ts"

/** The question with its days, as the zone's calendars show them now. */
const resolve = Effect.fnUntraced(function* (workspace: WorkspaceId, question: AnyQuestion) {
  const { time_zone, week_start } = (yield* SettingsSource).current(workspace)
  const asked = question.time_zone ?? time_zone
  const zone = isZone(asked) ? asked : time_zone
  const nowMillis = yield* Clock.currentTimeMillis
  return { ...question, date_range: resolveRange(question.date_range, { zone, weekStart: week_start, nowMillis }) }
})
type Resolved = Effect.Success<ReturnType<typeof resolve>>

const planOf = (question: Resolved, scope: QuestionScope) => {
  switch (question.kind) {
    case "trend":
      return planQuestion(question, scope)
    case "funnel":
      return planFunnel(question, scope)
    case "retention":
      return planRetention(question, scope)
    case "sessions":
      return planSessions(question, scope)
    case "attribution":
      return planAttribution(question, scope)
    case "ltv":
      return planLifetime(question, scope)
    case "paths":
      return planPaths(question, scope)
    case "stickiness":
      return planStickiness(question, scope)
    case "lifecycle":
      return planLifecycle(question, scope)
  }
}

/** Everything that is wrong with a question of any kind, without asking it. */
export const mistakesOf = Effect.fnUntraced(function* (workspace: WorkspaceId, question: AnyQuestion) {
  const read = planOf(yield* resolve(workspace, question), yield* questionScope(workspace, question))
  return "errors" in read ? read.errors : []
})

/** The answer to a question of any kind. Errors name each wrong field. */
export const askAny = Effect.fn("askAny")(function* (workspace: WorkspaceId, asked: AnyQuestion) {
  const question = yield* resolve(workspace, asked)
  const answerOf = Effect.fnUntraced(function* () {
    switch (question.kind) {
      case "trend":
        return { kind: question.kind, result: yield* askQuestion(workspace, question) }
      case "funnel":
        return { kind: question.kind, result: yield* askFunnel(workspace, question) }
      case "retention":
        return { kind: question.kind, result: yield* askRetention(workspace, question) }
      case "sessions":
        return { kind: question.kind, result: yield* askSessions(workspace, question) }
      case "attribution":
        return { kind: question.kind, result: yield* askAttribution(workspace, question) }
      case "ltv":
        return { kind: question.kind, result: yield* askLifetime(workspace, question) }
      case "paths":
        return { kind: question.kind, result: yield* askPaths(workspace, question) }
      case "stickiness":
        return { kind: question.kind, result: yield* askStickiness(workspace, question) }
      case "lifecycle":
        return { kind: question.kind, result: yield* askLifecycle(workspace, question) }
    }
  })
  const answer: AnyAnswer = yield* answerOf()
  return answer
})
