import { Effect } from "effect"
import { removedSubjectsMax } from "../../../ports/analytics/EventLake.ts"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import type { HeldEvents } from "../../../ports/analytics/Expiry.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { legalHolds, legalHoldsMax } from "../../../ports/analytics/RetentionPolicy.ts"
import type { LegalHold, NewLegalHold } from "../../../ports/analytics/RetentionPolicy.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Subjects } from "../../../ports/privacy/PersonalData.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createItem, replaceItem } from "../../platform/resources.ts"
import { idAtDoor } from "../workflows/idAtDoor.ts"
import { subjectIds } from "../workflows/subjectsOfPerson.ts"
import { heldEvents, holdsOf } from "./expiries.ts"

/** Holds as the functions of resources name them: each names the person that it holds. */
export const holdKind = {
  ...legalHolds,
  subjectsOf: (item: unknown) => {
    const { person } = item as NewLegalHold
    return person === undefined ? [] : [person]
  }
}

const invalid = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail: "the legal hold is not valid", errors: [{ pointer, code, detail }] })

/** What expires leaves out the ids of all held persons at once: they must fit into one selection. */
const refuseTooManyIds = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  person: string,
  besides: ReadonlyArray<LegalHold>
) {
  const held = yield* heldEvents(workspace, besides)
  const ids = held.reduce((sum, each) => sum + (each.ids?.length ?? 0), (yield* subjectIds(workspace, person)).size)
  if (ids <= removedSubjectsMax) return
  const detail = `the persons of all legal holds have ${ids} ids, ${removedSubjectsMax} at the most`
  return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "/person", code: "too_many", detail }] })
})

/** The hold with the person's id as it is stored. */
const checked = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  hold: NewLegalHold,
  besides: ReadonlyArray<LegalHold>
) {
  const { event_types, from, person, to } = hold
  if (event_types === undefined && from === undefined && person === undefined && to === undefined) {
    return yield* invalid("", "holds_everything", "say what it holds: a person, types of events or a range of time")
  }
  if (from !== undefined && to !== undefined && to <= from) {
    return yield* invalid("/to", "reversed_range", "must lie behind from")
  }
  if (person === undefined) return hold
  if (isReservedId(person)) return yield* invalid("/person", "reserved_id", `${person} stands for nobody`)
  const stored = { ...hold, person: yield* idAtDoor(workspace, person) }
  yield* refuseTooManyIds(workspace, stored.person, besides)
  return stored
})

export const createHold = Effect.fn("createLegalHold")(function* (actor: Actor, asked: NewLegalHold) {
  const standing = yield* holdsOf(actor.workspace)
  const hold = yield* checked(actor.workspace, asked, standing)
  if (standing.length >= legalHoldsMax) {
    const detail = `${legalHoldsMax} legal holds at the most`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
  }
  return yield* createItem(holdKind, actor, hold)
})

export const replaceHold = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  asked: NewLegalHold,
  revision: number
) {
  const others = (yield* holdsOf(actor.workspace)).filter((hold) => hold.id !== id)
  return yield* replaceItem(holdKind, actor, id, yield* checked(actor.workspace, asked, others), revision)
})

const typesFilter = (types: ReadonlyArray<string>): PlanFilter => ({
  kind: "one_of",
  field: { kind: "column", column: "event_type" },
  values: types
})

/** Whether the hold holds something of the person: the person as such, or an event of theirs. */
const holdsPerson = Effect.fnUntraced(function* (subjects: Subjects, held: HeldEvents) {
  const { eventTypes, fromMillis, ids, toMillis } = held
  if (ids !== undefined && !ids.some((id) => subjects.ids.includes(id))) return false
  if (ids !== undefined && eventTypes === undefined && fromMillis === undefined && toMillis === undefined) return true
  const store = yield* EventStore
  const found = yield* store.events({
    workspace: subjects.workspace,
    personId: subjects.person,
    fromMillis: fromMillis ?? -Number.MAX_SAFE_INTEGER,
    toMillis: toMillis ?? Number.MAX_SAFE_INTEGER,
    filter: eventTypes === undefined ? undefined : typesFilter(eventTypes),
    limit: 1
  })
  return found.length > 0
})

/** Refuses to erase of whom something must stay, naming the holds. */
export const refuseWhereHeld = Effect.fnUntraced(function* (subjects: Subjects) {
  const holds = yield* holdsOf(subjects.workspace)
  const held = yield* heldEvents(subjects.workspace, holds)
  const standing: Array<LegalHold> = []
  for (const [index, hold] of holds.entries()) if (yield* holdsPerson(subjects, held[index]!)) standing.push(hold)
  if (standing.length === 0) return
  const errors = standing.map(({ id }) => ({ pointer: "", code: "legal_hold", detail: `legal_holds/${id}` }))
  return yield* new Refused({
    kind: "conflict",
    detail: "a legal hold keeps the person's data; erase once it is lifted",
    errors
  })
})
