import { Clock, Effect } from "effect"
import { isReservedId } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { privacyPreferences } from "../../../ports/privacy/PrivacyRequest.ts"
import type { PrivacyPreference } from "../../../ports/privacy/PrivacyRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { idAtDoor } from "../workflows/idAtDoor.ts"
import { subjectIds } from "../workflows/subjectsOfPerson.ts"

/** The newest decision of a person under any of their ids; none is as good as no objection. */
const preferenceOf = Effect.fn("preferenceOf")(function* (workspace: WorkspaceId, asked: string) {
  const documents = yield* DocumentStore
  const person = yield* idAtDoor(workspace, asked)
  let newest: PrivacyPreference = { person_id: person, do_not_sell: false, source: null, changed_at: null }
  for (const id of yield* subjectIds(workspace, person)) {
    const found = (yield* documents.get(workspace, privacyPreferences.name, id))?.data as PrivacyPreference | undefined
    if (found !== undefined && (found.changed_at ?? 0) >= (newest.changed_at ?? 0)) {
      newest = { ...found, person_id: person }
    }
  }
  return newest
})

/** Newest first; of one person the one that holds. */
export const listPreferences = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  person: string | undefined,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: privacyPreferences.name, index: "by_time", equals: [], limit, cursor }
  const { items, next } = yield* documents.list(by)
  return person === undefined
    ? { items: items.map(({ data }) => data as PrivacyPreference), next: next ?? null }
    : { items: [yield* preferenceOf(workspace, person)], next: null }
})

/** Keeps what a person has decided. A signal of a browser never takes back an objection. */
export const keepPreference = Effect.fn("keepPreference")(function* (
  actor: Actor,
  asked: string,
  decided: { readonly do_not_sell: boolean; readonly source: NonNullable<PrivacyPreference["source"]> }
) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  if (isReservedId(asked)) {
    const errors = [{ pointer: "/person", code: "reserved_id", detail: `${asked} stands for nobody` }]
    return yield* new Refused({ kind: "bad-request", detail: "the preference is not valid", errors })
  }
  const before = yield* preferenceOf(workspace, asked)
  if (decided.source === "gpc" && !decided.do_not_sell) return before
  const now = yield* Clock.currentTimeMillis
  const preference: PrivacyPreference = { person_id: before.person_id, ...decided, changed_at: now }
  const { person_id } = preference
  const target = `privacy_preferences/${person_id}`
  yield* withoutConflict(
    documents.commit(workspace, {
      writes: [
        {
          kind: "put",
          collection: privacyPreferences.name,
          id: person_id,
          expected: "any",
          schema_version: 1,
          subjects: [person_id],
          data: preference
        }
      ],
      audit: [yield* auditOf(actor, now, "privacy_preference.changed", target, before, preference, [person_id])]
    })
  )
  return preference
})
