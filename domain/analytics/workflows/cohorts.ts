import { Effect } from "effect"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import type { Cohort, CohortMemberList, CohortSize, NewCohort } from "../../../ports/analytics/Cohort.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createKept, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"
import { planCohortRule } from "../../questions/cohorts/planCohortRule.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { alsoRestingOn } from "../../questions/revisions.ts"
import { parseInstant } from "../../zones/instant.ts"
import { addDays, formatInstant, parseDay, startOfDay } from "../../zones/zones.ts"
import { questionScope } from "./askQuestion.ts"
import { partRemovals } from "./cohortLists.ts"
import { reachCohorts, resolveCohorts, ruleOf } from "./cohortRules.ts"
import { usersOfCohort } from "./definitionUsers.ts"
import { pageOfPeople } from "./listPeopleOf.ts"

const rulePointer = "/membership/rule"

/** Refuses a rule that cannot be asked, or that names the cohort itself, by whatever ways. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, definition: NewCohort, id?: string) {
  const rule = ruleOf(definition)
  if (rule === undefined) return
  yield* reachCohorts(workspace, namedCohorts(rule, rulePointer), id)
  const { errors } = planCohortRule(rule, rulePointer, yield* questionScope(workspace, rule), undefined)
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
})

export const createCohort = Effect.fnUntraced(function* (actor: Actor, definition: NewCohort) {
  yield* check(actor.workspace, definition)
  return yield* createKept(cohorts, actor, definition)
})

export const replaceCohort = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewCohort,
  revision: number
) {
  yield* check(actor.workspace, definition, id)
  const { item } = yield* readItem<Cohort>(cohorts, actor.workspace, id)
  if (item.membership.kind !== definition.membership.kind) {
    const detail = `the cohort is ${item.membership.kind} and stays so: make another one`
    const errors = [{ pointer: "/membership/kind", code: "kind_is_fixed", detail }]
    return yield* new Refused({ kind: "conflict", detail, errors })
  }
  return yield* replaceKept(cohorts, actor, id, definition, revision)
})

/** What the cohort was at a revision becomes its newest; a list stays as it is. Refused where its rule cannot be asked any more. */
export const restoreCohort = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewCohort>(cohorts, actor.workspace, id, revision)
  const standing = yield* readItem(cohorts, actor.workspace, id)
  return yield* replaceCohort(actor, id, definition, standing.revision)
})

export const removeCohort = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const users = yield* usersOfCohort(actor.workspace, id)
  yield* removeKept(cohorts, actor, id, revision, users, yield* partRemovals(actor.workspace, id))
})

/** The first instant that does not count: that which is given, or the end of the day. */
const readBefore = Effect.fnUntraced(function* (zone: string, at: string | undefined) {
  if (at === undefined) return undefined
  const day = parseDay(at)
  const millis = day === undefined ? parseInstant(at) : startOfDay(zone, addDays(day, 1))
  const detail = "must be a day like 2026-11-23, or a date and time with offset"
  return millis ?? (yield* new InvalidQuestion({ errors: [{ pointer: "/at", code: "not_an_instant", detail }] }))
})

/** A kept cohort as it is asked for. */
const resolve = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string, at: string | undefined) {
  yield* readItem<Cohort>(cohorts, workspace, id)
  const scope = yield* questionScope(workspace)
  const beforeMillis = yield* readBefore(scope.timeZone, at)
  const resolved = yield* resolveCohorts(workspace, [{ id, pointer: "" }], scope, beforeMillis)
  return {
    workspace,
    zone: scope.timeZone,
    revisions: alsoRestingOn(scope.revisions, resolved.revisions),
    of: { kind: "cohort" as const, cohort: resolved.cohorts.get(id)! },
    beforeMillis
  }
})

const instantOf = (zone: string, millis: number | undefined): string | null =>
  millis === undefined ? null : formatInstant(zone, millis)

/** How many people belong to it, today or as of an instant. */
export const sizeOfCohort = Effect.fn("sizeOfCohort")(function* (
  workspace: WorkspaceId,
  id: string,
  at: string | undefined
) {
  const store = yield* EventStore
  const { beforeMillis, of, revisions, zone } = yield* resolve(workspace, id, at)
  const answer = yield* store.answer({ kind: "people", workspace, revisions, of, after: undefined, limit: 0 })
  const size: CohortSize = {
    people: answer.people,
    at: instantOf(zone, beforeMillis),
    as_of: instantOf(zone, answer.asOfMillis),
    watermark: answer.watermark,
    query_hash: hashValue([workspace, of])
  }
  return size
})

/** Who belongs to it, by pages. */
export const membersOfCohort = Effect.fn("membersOfCohort")(function* (
  workspace: WorkspaceId,
  id: string,
  request: { readonly at?: string | undefined; readonly limit: number; readonly cursor?: string | undefined }
) {
  const { beforeMillis, of, revisions, zone } = yield* resolve(workspace, id, request.at)
  const page = yield* pageOfPeople(workspace, { of, revisions, zone }, request)
  const list: CohortMemberList = { ...page, at: instantOf(zone, beforeMillis) }
  return list
})
