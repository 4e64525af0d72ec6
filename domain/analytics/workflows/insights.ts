import { Effect } from "effect"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Insight, InsightAnswer, NewInsight } from "../../../ports/analytics/Insight.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createKept, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { definitionOf } from "../../questions/revisions.ts"
import { withAnnotations } from "./annotations.ts"
import type { Reader } from "./annotations.ts"
import { askAny, mistakesOf } from "./askAny.ts"
import { watermarkOver } from "./askAt.ts"
import { dashboardsWith } from "./dashboards.ts"
import { readDefined } from "./pastDefinitions.ts"
import { usersOfShared } from "./shareUsers.ts"

const check = Effect.fnUntraced(function* (workspace: WorkspaceId, { question }: NewInsight) {
  const mistakes = yield* mistakesOf(workspace, question)
  if (mistakes.length === 0) return
  const errors = mistakes.map((each) => ({ ...each, pointer: `/question${each.pointer}` }))
  return yield* new InvalidQuestion({ errors })
})

export const createInsight = Effect.fnUntraced(function* (actor: Actor, definition: NewInsight) {
  yield* check(actor.workspace, definition)
  return yield* createKept(insights, actor, definition)
})

export const replaceInsight = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewInsight,
  revision: number
) {
  yield* check(actor.workspace, definition)
  return yield* replaceKept(insights, actor, id, definition, revision)
})

/** What the insight was at a revision becomes its newest; refused where that cannot be asked any more. */
export const restoreInsight = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewInsight>(insights, actor.workspace, id, revision)
  const standing = yield* readItem(insights, actor.workspace, id)
  return yield* replaceInsight(actor, id, definition, standing.revision)
})

/** Refused while links lead to it or dashboards show it. */
export const removeInsight = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const users = [
    ...(yield* usersOfShared(actor.workspace, "insight", id)),
    ...(yield* dashboardsWith(actor.workspace, id))
  ]
  yield* removeKept(insights, actor, id, revision, users)
})

export const answerInsight = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const { item, revision } = yield* readDefined<Insight>(insights, workspace, id)
  const answer = yield* askAny(workspace, item.question)
  const watermark = yield* watermarkOver(workspace, [answer.result.watermark], [[definitionOf(insights, id), revision]])
  const answered: InsightAnswer = { insight: id, name: item.name, answer, watermark }
  return answered
})

/** The answer; with a trend come the notes of its range. */
export const answerInsightWithNotes = Effect.fnUntraced(function* (reader: Reader, id: string) {
  const answered = yield* answerInsight(reader.workspace, id)
  const { answer } = answered
  if (answer.kind !== "trend") return answered
  const noted: InsightAnswer = {
    ...answered,
    answer: { kind: "trend", result: yield* withAnnotations(reader, answer.result, { insight: id }) }
  }
  return noted
})
