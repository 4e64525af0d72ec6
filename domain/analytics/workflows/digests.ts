import { Clock, Effect, Schedule } from "effect"
import { dashboards } from "../../../ports/analytics/Dashboard.ts"
import { digests, digestsMax, digestStates } from "../../../ports/analytics/Digest.ts"
import type { Digest, DigestState, NewDigest } from "../../../ports/analytics/Digest.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { createKept, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { nextTime } from "../digests/digestSchedule.ts"
import { composeDigest } from "./composeDigest.ts"
import { usersOfShared } from "./shareUsers.ts"

export const putDigestState = (state: DigestState, expected: number | "any"): DocumentWrite => ({
  kind: "put",
  collection: digestStates.name,
  id: state.digest,
  expected,
  schema_version: 1,
  subjects: [],
  data: state
})

/** Refuses a dashboard that is not there. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, { contents }: NewDigest) {
  if (contents.kind !== "dashboard") return
  const documents = yield* DocumentStore
  if ((yield* documents.get(workspace, dashboards.name, contents.dashboard)) !== undefined) return
  const detail = `there is no dashboard ${contents.dashboard}`
  const errors = [{ pointer: "/contents/dashboard", code: "unknown_dashboard", detail }]
  return yield* new Refused({ kind: "unprocessable", detail, errors })
})

/** Nothing of the past is sent: the first one comes when its time does. */
const freshState = Effect.fnUntraced(function* (workspace: WorkspaceId, digest: string, definition: NewDigest) {
  const { time_zone } = (yield* SettingsSource).current(workspace)
  const now = yield* Clock.currentTimeMillis
  const state: DigestState = {
    digest,
    next_at: definition.paused === true ? null : nextTime(definition.schedule, time_zone, now),
    done_until: now,
    sent_at: null,
    problem: null
  }
  return state
})

export const createDigest = Effect.fnUntraced(function* (actor: Actor, definition: NewDigest) {
  yield* check(actor.workspace, definition)
  const known = yield* gatherItems(digests, actor.workspace, ({ id }: Digest) => [id])
  if (known.length >= digestsMax) {
    const detail = `a workspace has ${digestsMax} digests at the most`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
  }
  const state = yield* freshState(actor.workspace, "", definition)
  return yield* createKept(digests, actor, definition, (id) => [putDigestState({ ...state, digest: id }, 0)])
})

const findState = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, digestStates.name, id)
  return found === undefined ? undefined : { state: found.data as DigestState, revision: found.revision }
})

/** Tries again what a sending came in between of. */
const besideSending = <A, E extends { readonly _tag: string }, R>(change: Effect.Effect<A, E, R>) =>
  Effect.retry(change, {
    schedule: Schedule.recurs(5),
    while: (failure) =>
      failure._tag === "StaleRevision" && "collection" in failure && failure["collection"] === digestStates.name
  })

export const replaceDigest = (actor: Actor, id: string, definition: NewDigest, revision: number) =>
  besideSending(
    Effect.gen(function* () {
      yield* check(actor.workspace, definition)
      const found = yield* findState(actor.workspace, id)
      const fresh = yield* freshState(actor.workspace, id, definition)
      const state = { ...fresh, sent_at: found?.state.sent_at ?? null }
      return yield* replaceKept(digests, actor, id, definition, revision, [putDigestState(state, found?.revision ?? 0)])
    })
  )

/** What the digest was at a revision becomes its newest; refused where its dashboard is gone. */
export const restoreDigest = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewDigest>(digests, actor.workspace, id, revision)
  const standing = yield* readItem(digests, actor.workspace, id)
  return yield* replaceDigest(actor, id, definition, standing.revision)
})

export const removeDigest = (actor: Actor, id: string, revision: number) =>
  removeKept(digests, actor, id, revision, [], [{ kind: "delete", collection: digestStates.name, id, expected: "any" }])

export const readDigestState = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  yield* readItem<Digest>(digests, workspace, id)
  const found = yield* findState(workspace, id)
  if (found !== undefined) return found.state
  return yield* new Refused({ kind: "not-found", detail: `there is no digest ${id}`, errors: [] })
})

/** What a digest would say now; sends nothing. */
export const previewDigest = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const { item } = yield* readItem<Digest>(digests, workspace, id)
  return yield* composeDigest(workspace, item, yield* Clock.currentTimeMillis)
})

/** Digests that send a dashboard. */
export const digestsWith = (workspace: WorkspaceId, dashboard: string) =>
  gatherItems(digests, workspace, ({ contents, id, name }: Digest): ReadonlyArray<User> =>
    contents.kind === "dashboard" && contents.dashboard === dashboard ? [{ target: `${digests.name}/${id}`, name }] : []
  )

/** Refused while a digest sends it, or a link leads to it. */
export const removeDashboard = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { workspace } = actor
  const users = [...(yield* digestsWith(workspace, id)), ...(yield* usersOfShared(workspace, "dashboard", id))]
  yield* removeKept(dashboards, actor, id, revision, users)
})
