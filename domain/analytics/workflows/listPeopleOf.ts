import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { PeopleSource } from "../../../ports/analytics/PeoplePlan.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { formatInstant } from "../../zones/zones.ts"
import { decodeCursor, encodeCursor } from "./pageCursor.ts"

const instant = (millis: number): string => new Date(millis).toISOString()

/** A page of the people behind something, and how many they are in all. */
export const pageOfPeople = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { of, revisions, zone }: { readonly of: PeopleSource; readonly revisions: string; readonly zone: string },
  { cursor, limit }: { readonly limit: number; readonly cursor?: string | undefined }
) {
  const store = yield* EventStore
  const query_hash = hashValue([workspace, of])
  const list = ["people", query_hash]
  const after = cursor === undefined ? undefined : String((yield* decodeCursor(workspace, list, cursor))[0])
  const answer = yield* store.answer({ kind: "people", workspace, revisions, of, after, limit: limit + 1 })
  const shown = answer.page.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ events, first_seen, last_seen, person_id }) => ({
      person_id,
      first_seen: instant(first_seen),
      last_seen: instant(last_seen),
      events
    })),
    next: answer.page.length > limit && last !== undefined ? yield* encodeCursor(workspace, list, [last.key]) : null,
    people: answer.people,
    as_of: answer.asOfMillis === undefined ? null : formatInstant(zone, answer.asOfMillis),
    watermark: answer.watermark,
    query_hash
  }
})
