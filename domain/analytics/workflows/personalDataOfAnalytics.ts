import { Effect, Option, Stream } from "effect"
import type { SecureRandom } from "effect/crypto"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { EventLake, removedSubjectsMax } from "../../../ports/analytics/EventLake.ts"
import type { EventSpool } from "../../../ports/analytics/EventSpool.ts"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import type { EventPlace, HeldEvent } from "../../../ports/analytics/EventStore.ts"
import type { DocumentStore, DocumentWrite, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import type { EraseStep, Erasing, PersonalDataOf, Subjects } from "../../../ports/privacy/PersonalData.ts"
import { legalHolds } from "../../../ports/analytics/RetentionPolicy.ts"
import { privacyPreferences, privacyRequests, restrictions } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest } from "../../../ports/privacy/PrivacyRequest.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { commitAll, renamePeople } from "../../platform/renamePeople.ts"
import { clearValue, openerOf } from "../../privacy/clearValue.ts"
import { documentsNaming } from "../../privacy/documentsNaming.ts"
import { definitionsNaming, takeFromDefinitions } from "../privacy/peopleInDefinitions.ts"
import { cohortsListing, takeFromLists } from "./cohortLists.ts"
import { rewriteExports } from "./exports.ts"
import { eventItem, personItem } from "./explore.ts"
import { collection as merges, forgetMerges } from "./mergePeople.ts"

type Services = EventSpool | EventStore | EventLake | DocumentStore | SubjectKeys | SecureRandom.SecureRandom

/** Collections whose documents name people as their subjects. */
const collections = [merges.name, privacyRequests.name, privacyPreferences.name, restrictions.name, legalHolds.name]
const eventsPage = 1000
/** Later than every event: clocks of clients may be ahead. */
const endOfTime = Number.MAX_SAFE_INTEGER

const record = (kind: string, data: unknown) => ({ kind, data })

/** What a request keeps for its own sake: proofs, and what it is to write, sealed. */
const withoutSecrets = (data: Partial<KeptRequest>) => {
  const { challenge: _, sealed_traits: __, ...told } = data
  return told
}

const keysOf = Effect.fnUntraced(function* ({ ids, workspace }: Subjects) {
  return yield* (yield* SubjectKeys).get(workspace, ids)
})

/** Who the person is: ids, traits, merges, static cohorts. */
const profileOf = Effect.fnUntraced(function* (subjects: Subjects) {
  const { ids, person, workspace } = subjects
  const store = yield* EventStore
  const [held] = yield* store.people({ workspace, personId: person, limit: 1 })
  const keys = yield* keysOf(subjects)
  const traits = yield* store.traits(workspace, person)
  const lists = yield* cohortsListing(workspace, ids)
  return [
    record("person", { ...(held === undefined ? { person_id: person } : personItem(held)), ids }),
    ...traits.map(({ event_id, field, key, subject, value }) =>
      record("trait", {
        key,
        value: clearValue(value, field, openerOf(workspace, keys.get(subject), event_id)),
        event_id
      })
    ),
    ...(yield* documentsNaming(workspace, ids, collections)).map(({ collection, data }) =>
      record(collection, withoutSecrets(data as object))
    ),
    ...(yield* definitionsNaming(workspace, ids)).map(({ collection, data }) => record(collection, data)),
    ...lists.map(({ id, name }) => record(cohorts.name, { id, name, membership: { kind: "static" } }))
  ]
})

const clearEvent = (workspace: string, keys: ReadonlyMap<string, Uint8Array>, event: HeldEvent) => {
  const { anonymous_id, click_id, event_id, ip, properties, traits, traits_once, user_id } = event
  const open = openerOf(
    workspace,
    keys.get(user_id === null || isReservedId(user_id) ? anonymous_id : user_id),
    event_id
  )
  return record("event", {
    ...eventItem(event),
    ip,
    click_id,
    properties: clearValue(properties, "properties", open),
    ...(traits === null ? {} : { traits: clearValue(traits, "traits", open) }),
    ...(traits_once === null ? {} : { traits_once: clearValue(traits_once, "traits_once", open) })
  })
}

/** Every event, newest first, a page in memory at a time. */
const eventsOf = (subjects: Subjects) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { person, workspace } = subjects
      const store = yield* EventStore
      const keys = yield* keysOf(subjects)
      return Stream.paginate(
        undefined as EventPlace | undefined,
        Effect.fnUntraced(function* (before: EventPlace | undefined) {
          const range = { fromMillis: -endOfTime, toMillis: endOfTime, filter: undefined }
          const page = yield* store.events({ workspace, personId: person, ...range, before, limit: eventsPage })
          const next = page.length < eventsPage ? Option.none<EventPlace>() : Option.some<EventPlace>(page.at(-1)!)
          return [page.map((event) => clearEvent(workspace, keys, event)), next] as const
        })
      )
    })
  )

/** What is kept of first events that retention let go, a page in memory at a time. */
const firstsOf = ({ person, workspace }: Subjects) =>
  Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function* (after: string | undefined) {
      const page = yield* (yield* EventStore).firstsOf(workspace, person, after, eventsPage)
      const next = page.length < eventsPage ? Option.none<string>() : Option.some<string>(page.at(-1)!.event_id)
      return [page.map((first) => record("first_event", first)), next] as const
    })
  )

/** A step that removes so many things. */
const step = (
  store: EraseStep["store"],
  what: string,
  remove: (by: Erasing, ids: ReadonlyArray<string>) => Effect.Effect<number, PortFailure | StaleRevision, Services>
) => ({
  store,
  run: (by: Erasing, ids: ReadonlyArray<string>) => Effect.map(remove(by, ids), (removed) => ({ removed, what }))
})

const steps = [
  step(
    "event_store",
    "rows deleted and in no answer; blocks that they left in the file are reused later",
    Effect.fnUntraced(function* ({ workspace }, ids) {
      const epoch = (yield* SubjectKeys).tombstones.counts.get(workspace) ?? 0
      return (yield* (yield* EventStore).erase(workspace, ids, epoch)).events
    })
  ),
  step("exports", "files deleted, whole or not, and written anew without the person", ({ workspace }) =>
    rewriteExports(workspace)
  ),
  step(
    "event_lake",
    "files that held the person's events rewritten without them",
    Effect.fnUntraced(function* ({ workspace }, ids) {
      const lake = yield* EventLake
      let events = 0
      for (let at = 0; at < ids.length; at += removedSubjectsMax / 2) {
        const some = ids.slice(at, at + removedSubjectsMax / 2)
        events += (yield* lake.remove(workspace, { kind: "subjects", userIds: some, anonymousIds: some })).events
      }
      // Those that began meanwhile may have read what was being removed.
      yield* rewriteExports(workspace)
      return events
    })
  ),
  step("cohorts", "taken from the static cohorts that named the person", (by, ids) =>
    takeFromLists(by, ids).pipe(
      Effect.map((lists) => lists.length),
      Effect.catchTag(["Refused", "InvalidQuestion", "DuplicateKey"], Effect.die)
    )
  ),
  step(
    "analytics_definitions",
    "conditions of insights, funnels, cohorts, goals, alerts, exports and rules of channels, and of their revisions, name the person's HMAC instead; alerts and digests have the person's addresses as recipients no more",
    ({ workspace }, ids) => takeFromDefinitions(workspace, ids)
  ),
  step("merges", "merges with the person deleted", ({ workspace }, ids) => forgetMerges(workspace, ids)),
  step(
    "privacy_requests",
    "requests stay and name the person's HMAC instead; what the person decided about sale deleted",
    Effect.fnUntraced(function* ({ workspace }, ids) {
      const preferences = yield* documentsNaming(workspace, ids, [privacyPreferences.name, restrictions.name])
      const deletions = preferences.map(({ collection, id }): DocumentWrite => ({
        kind: "delete",
        collection,
        id,
        expected: "any"
      }))
      // A hold that nothing of the person falls under any more names nobody.
      const held = yield* renamePeople(workspace, ids, legalHolds.name)
      return (
        held + (yield* renamePeople(workspace, ids, privacyRequests.name)) + (yield* commitAll(workspace, deletions))
      )
    })
  )
]

/** Events, traits, merges and lists. */
export const personalDataOfAnalytics: Effect.Effect<PersonalDataOf, never, Services> = Effect.map(
  Effect.context<Services>(),
  (context) => ({
    export: (subjects) =>
      Stream.fromIterableEffect(profileOf(subjects)).pipe(
        Stream.concat(eventsOf(subjects)),
        Stream.concat(firstsOf(subjects)),
        Stream.provideContext(context)
      ),
    erase: steps.map(({ run, store }) => ({
      store,
      run: (by, ids) => Effect.provideContext(run(by, ids), context)
    }))
  })
)
