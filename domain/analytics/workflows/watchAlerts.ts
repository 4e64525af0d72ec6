import { Clock, Effect } from "effect"
import { alerts, alertStates, incidents } from "../../../ports/analytics/Alert.ts"
import type { Alert, AlertState, Incident } from "../../../ports/analytics/Alert.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { isCaughtUp } from "../../platform/isCaughtUp.ts"
import { putEmail, queuedEmail } from "../../platform/outgoingEmail.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { bucketsDue } from "../alerts/alertBuckets.ts"
import { alertMessage } from "../alerts/alertMessage.ts"
import { lookAt } from "../alerts/lookAt.ts"
import type { Looked, Notice } from "../alerts/lookAt.ts"
import { putIncident, putState } from "./alerts.ts"
import { bucketScopeOf, findingsOf } from "./alertSeries.ts"

/** Until an alert whose question was not answered is asked again: others have their turn meanwhile. */
const retryMillis = 5 * 60_000

const emailsOf = (alert: Alert, notices: ReadonlyArray<Notice>, zone: string, now: number) =>
  notices.flatMap(({ incident, kind }) => {
    const message = alertMessage(alert, kind, incident.evidence, zone)
    return alert.recipients.map((to, index) => {
      const email = {
        id: `${incident.id}.${kind}.${index}`,
        purpose: "alert",
        source: `${alerts.name}/${alert.id}`,
        to
      } as const
      return queuedEmail({ ...email, ...message }, now)
    })
  })

/** An alert whose question was not answered: what is due stays due. */
const unasked = (state: AlertState, nextAt: number, problem: string): Looked => ({
  state: { ...state, next_at: nextAt, problem },
  incidents: [],
  notices: []
})

/** Looks at one alert; what was found, its incidents and the messages about them are stored together. */
const look = Effect.fn("lookAtAlert")(function* (workspace: WorkspaceId, { data, id, revision }: StoredDocument) {
  const documents = yield* DocumentStore
  const state = data as AlertState
  const found = yield* documents.get(workspace, alerts.name, id)
  if (found === undefined) return
  const alert = found.data as Alert
  const incident =
    state.incident === null
      ? undefined
      : ((yield* documents.get(workspace, incidents.name, state.incident))?.data as Incident | undefined)
  const scope = yield* bucketScopeOf(workspace, alert.interval)
  const now = yield* Clock.currentTimeMillis
  const { buckets, nextAt } = bucketsDue(scope, state.looked_at_until, now)
  const looked = yield* findingsOf(workspace, alert, scope, buckets).pipe(
    Effect.map((findings) => lookAt({ alert, revision: found.revision, state, incident }, findings, now, nextAt)),
    Effect.catchTags({
      // What it names has changed since it was made: its state says so until somebody mends it.
      InvalidQuestion: ({ errors }) =>
        Effect.succeed(unasked(state, nextAt, errors[0]?.detail ?? "the question is not valid")),
      PortFailure: ({ reason }) =>
        Effect.succeed(unasked(state, now + retryMillis, `the question was not answered: ${reason}`))
    })
  )
  const emails = emailsOf(alert, looked.notices, scope.zone, now)
  yield* (
    documents
      .commit(workspace, {
        writes: [
          putState(looked.state, revision),
          ...looked.incidents.map(putIncident),
          ...emails.map((email) => putEmail(email, 0))
        ]
      })
      // It was changed meanwhile, or another process looked: the next round sees what stands.
      .pipe(
        Effect.catchTag("StaleRevision", () => Effect.void),
        withoutConflict
      )
  )
})

const listDue = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const range = { from: 0, to: (yield* Clock.currentTimeMillis) + 1 }
  const by = { workspace, collection: alertStates.name, index: "by_due", equals: [], range, limit: listLimitMax }
  return (yield* Effect.catchTag(documents.list(by), "InvalidCursor", Effect.die)).items
})

/** Looks at every alert of which a bucket is over, of all workspaces. */
export const watchAlerts = Effect.suspend(() => {
  let mayLook: boolean | undefined
  return forEveryWorkspace(
    Effect.fnUntraced(function* (workspace) {
      const due = yield* listDue(workspace)
      if (due.length === 0) return
      mayLook ??= yield* isCaughtUp
      if (!mayLook) return
      yield* (yield* SettingsSource).load(workspace)
      for (const each of due) yield* look(workspace, each)
    })
  )
})
