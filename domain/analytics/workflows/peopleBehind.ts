import { Effect } from "effect"
import { cohortMembersMax, cohorts } from "../../../ports/analytics/Cohort.ts"
import type { NewCohort, PeopleList } from "../../../ports/analytics/Cohort.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { CohortOfPeople, PeopleQuestion, ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import { listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createKept } from "../../platform/revisions.ts"
import { planShownNumber } from "../../questions/people/planShownNumber.ts"
import type { Counted } from "../../questions/people/planShownNumber.ts"
import { questionScope } from "./askQuestion.ts"
import { partsOf } from "./cohortLists.ts"
import { pageOfPeople } from "./listPeopleOf.ts"

const limitUsual = 25

/** Whom the number counts. Errors name each wrong field. */
export const resolveNumber = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  number: ShownNumber,
  counted: Counted
) {
  const scope = yield* questionScope(workspace, number)
  const read = planShownNumber(number, scope, counted)
  if ("errors" in read) {
    const errors = read.errors.map((error) => ({ ...error, pointer: `/of${error.pointer}` }))
    return yield* new InvalidQuestion({ errors })
  }
  return { of: read.source, revisions: scope.revisions, zone: read.zone }
})

/** The people behind a number, by pages: on all of them as many as the number says at the same watermark. */
export const listPeopleBehind = Effect.fn("listPeopleBehind")(function* (
  workspace: WorkspaceId,
  { cursor, limit = limitUsual, of }: PeopleQuestion
) {
  if (limit < 1 || limit > listLimitMax) {
    const detail = `must lie between 1 and ${listLimitMax}`
    return yield* new InvalidQuestion({ errors: [{ pointer: "/limit", code: "out_of_range", detail }] })
  }
  const list: PeopleList = yield* pageOfPeople(workspace, yield* resolveNumber(workspace, of, "people"), {
    limit,
    cursor
  })
  return list
})

/** A static cohort of the people behind a number, as it is now. */
export const savePeopleBehind = Effect.fn("savePeopleBehind")(function* (
  actor: Actor,
  { description, name, of: number }: CohortOfPeople
) {
  const { workspace } = actor
  const store = yield* EventStore
  const { of, revisions } = yield* resolveNumber(workspace, number, "people")
  const plan = { kind: "people", workspace, revisions, of, after: undefined, limit: cohortMembersMax } as const
  const { page, people } = yield* store.answer(plan)
  if (people > cohortMembersMax) {
    const detail = `the number counts ${people} people; a cohort lists ${cohortMembersMax} at the most`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "/of", code: "too_many", detail }] })
  }
  const definition: NewCohort = {
    name,
    ...(description === undefined ? {} : { description }),
    membership: { kind: "static" }
  }
  const idsOf = (device: boolean) => page.filter((each) => each.device === device).map(({ person_id }) => person_id)
  const ids = { people: [], users: idsOf(false), devices: idsOf(true) }
  return yield* createKept(cohorts, actor, definition, (id) => partsOf(id, ids))
})
