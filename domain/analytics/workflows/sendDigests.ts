import { Clock, Effect } from "effect"
import { digestLateMillisMax, digests, digestStates } from "../../../ports/analytics/Digest.ts"
import type { Digest, DigestState } from "../../../ports/analytics/Digest.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { putEmail, queuedEmail } from "../../platform/outgoingEmail.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { lastTime, nextTime } from "../digests/digestSchedule.ts"
import { composeDigest } from "./composeDigest.ts"
import { putDigestState } from "./digests.ts"

/** Until a digest whose questions were not answered is tried again. */
const retryMillis = 5 * 60_000

/** No two zones' clocks are further apart: a time so soon behind a sending is the same one, where the zone was changed. */
const zonesApartMillis = 26 * 3_600_000

/** The messages of one time, whose ids are the same however often it is tried. */
const emailsFor = Effect.fnUntraced(function* (workspace: WorkspaceId, digest: Digest, time: number, now: number) {
  const message = yield* composeDigest(workspace, digest, time)
  return digest.recipients.map((to, index) =>
    queuedEmail(
      {
        id: `${digest.id}.${time}.${index}`,
        purpose: "digest",
        source: `${digests.name}/${digest.id}`,
        to,
        subject: message.subject,
        text: message.text,
        html: message.html
      },
      now
    )
  )
})

/** What is due of one digest is put into the queue in the transaction that notes it as done. */
const sendOne = Effect.fn("sendDigest")(function* (workspace: WorkspaceId, { data, id, revision }: StoredDocument) {
  const documents = yield* DocumentStore
  const state = data as DigestState
  const found = yield* documents.get(workspace, digests.name, id)
  if (found === undefined) return
  const digest = found.data as Digest
  const { time_zone } = (yield* SettingsSource).current(workspace)
  const now = yield* Clock.currentTimeMillis
  // Of several times that were missed the last one counts; none where the zone has changed and it still is to come.
  const time = lastTime(digest.schedule, time_zone, now)
  const isNew = time > state.done_until && time - (state.sent_at ?? -Infinity) > zonesApartMillis
  const isDue = isNew && now - time <= digestLateMillisMax && digest.recipients.length > 0
  const next = { ...state, next_at: nextTime(digest.schedule, time_zone, now), done_until: time, problem: null }
  const sent = yield* Effect.map(isDue ? emailsFor(workspace, digest, time, now) : Effect.succeed([]), (emails) => ({
    state: isDue ? { ...next, sent_at: now } : { ...next, done_until: Math.max(time, state.done_until) },
    emails
  })).pipe(
    Effect.catchTags({
      PortFailure: ({ reason }) =>
        Effect.succeed(unsent(state, now + retryMillis, `the questions were not answered: ${reason}`)),
      InvalidQuestion: ({ errors }) => Effect.succeed(unsent(next, next.next_at, errors[0]?.detail ?? "not valid")),
      Refused: ({ detail }) => Effect.succeed(unsent(next, next.next_at, detail))
    })
  )
  yield* (
    documents
      .commit(workspace, {
        writes: [putDigestState(sent.state, revision), ...sent.emails.map((email) => putEmail(email, 0))]
      })
      // It was changed meanwhile, or another process sent it: the next round sees what stands.
      .pipe(
        Effect.catchTag("StaleRevision", () => Effect.void),
        withoutConflict
      )
  )
})

const unsent = (state: DigestState, nextAt: number, problem: string) => ({
  state: { ...state, next_at: nextAt, problem },
  emails: []
})

const listDue = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const range = { from: 0, to: (yield* Clock.currentTimeMillis) + 1 }
  const by = { workspace, collection: digestStates.name, index: "by_due", equals: [], range, limit: listLimitMax }
  return (yield* Effect.catchTag(documents.list(by), "InvalidCursor", Effect.die)).items
})

/** Sends every digest whose time has come, of all workspaces. */
export const sendDigests = forEveryWorkspace(
  Effect.fnUntraced(function* (workspace) {
    const due = yield* listDue(workspace)
    if (due.length === 0) return
    yield* (yield* SettingsSource).load(workspace)
    for (const each of due) yield* sendOne(workspace, each)
  })
)
