import { Clock, Effect, Schedule } from "effect"
import {
  alerts,
  alertsMax,
  alertStates,
  incidentKeptDays,
  incidents,
  snoozeMillisMax
} from "../../../ports/analytics/Alert.ts"
import type { Alert, AlertSnooze, AlertState, AlertTest, Incident, NewAlert } from "../../../ports/analytics/Alert.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import { createKept, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { formatDay, dayAt } from "../../zones/zones.ts"
import { bucketsAtOnceMax, bucketsDue } from "../alerts/alertBuckets.ts"
import { alertMessage } from "../alerts/alertMessage.ts"
import { closed, decide } from "../alerts/lookAt.ts"
import { bucketScopeOf, findingsOf, questionOf } from "./alertSeries.ts"
import { mistakesOf } from "./askAny.ts"

const dayMillis = 86_400_000

export const putState = (state: AlertState, expected: number | "any"): DocumentWrite => ({
  kind: "put",
  collection: alertStates.name,
  id: state.alert,
  expected,
  schema_version: 1,
  subjects: [],
  data: state
})

export const putIncident = (incident: Incident): DocumentWrite => ({
  kind: "put",
  collection: incidents.name,
  id: incident.id,
  expected: "any",
  schema_version: 1,
  subjects: [],
  ...(incident.resolved_at === null ? {} : { expires_at: incident.resolved_at + incidentKeptDays * dayMillis }),
  data: incident
})

/** Refuses a metric that could not be asked for, with the place in the definition. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, { interval, metric }: NewAlert) {
  const today = formatDay(dayAt("UTC", yield* Clock.currentTimeMillis))
  const mistakes = yield* mistakesOf(workspace, questionOf(metric, interval, { from: today, to: today }))
  if (mistakes.length === 0) return
  const errors = mistakes.map((each) => ({
    ...each,
    pointer: each.pointer === "/metrics/0" ? "/metric/name" : `/metric${each.pointer}`
  }))
  return yield* new InvalidQuestion({ errors })
})

/** An alert that was never looked at: at once, where it is not paused. */
const freshState = (alert: string, { paused }: NewAlert, now: number): AlertState => ({
  alert,
  status: "ok",
  incident: null,
  looked_at_until: null,
  next_at: paused === true ? null : now,
  snoozed_until: null,
  last: null,
  problem: null
})

export const createAlert = Effect.fnUntraced(function* (actor: Actor, definition: NewAlert) {
  yield* check(actor.workspace, definition)
  const known = yield* gatherItems(alerts, actor.workspace, ({ id }: Alert) => [id])
  if (known.length >= alertsMax) {
    const detail = `a workspace has ${alertsMax} alerts at the most`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
  }
  const now = yield* Clock.currentTimeMillis
  return yield* createKept(alerts, actor, definition, (id) => [putState(freshState(id, definition, now), 0)])
})

const findState = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, alertStates.name, id)
  return found === undefined ? undefined : { state: found.data as AlertState, revision: found.revision }
})

/** The open incident comes to its end with what made it. */
const closeIncident = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  state: AlertState | undefined,
  resolution: "changed" | "deleted"
) {
  const open = state?.incident ?? undefined
  if (open === undefined) return []
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, incidents.name, open)
  if (found === undefined) return []
  return [putIncident(closed(found.data as Incident, resolution, yield* Clock.currentTimeMillis))]
})

/** Tries again what a look at the alert came in between of. */
const besideLooks = <A, E extends { readonly _tag: string }, R>(change: Effect.Effect<A, E, R>) =>
  Effect.retry(change, {
    schedule: Schedule.recurs(5),
    while: (failure) =>
      failure._tag === "StaleRevision" && "collection" in failure && failure["collection"] === alertStates.name
  })

/** What it watches for begins anew; a snooze goes on. */
export const replaceAlert = (actor: Actor, id: string, definition: NewAlert, revision: number) =>
  besideLooks(
    Effect.gen(function* () {
      yield* check(actor.workspace, definition)
      const found = yield* findState(actor.workspace, id)
      const now = yield* Clock.currentTimeMillis
      const state = { ...freshState(id, definition, now), snoozed_until: found?.state.snoozed_until ?? null }
      const also = [
        putState(state, found?.revision ?? 0),
        ...(yield* closeIncident(actor.workspace, found?.state, "changed"))
      ]
      return yield* replaceKept(alerts, actor, id, definition, revision, also)
    })
  )

/** What the alert was at a revision becomes its newest; refused where that cannot be asked any more. */
export const restoreAlert = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewAlert>(alerts, actor.workspace, id, revision)
  const standing = yield* readItem(alerts, actor.workspace, id)
  return yield* replaceAlert(actor, id, definition, standing.revision)
})

export const removeAlert = (actor: Actor, id: string, revision: number) =>
  besideLooks(
    Effect.gen(function* () {
      const found = yield* findState(actor.workspace, id)
      const also: ReadonlyArray<DocumentWrite> =
        found === undefined
          ? []
          : [
              { kind: "delete", collection: alertStates.name, id, expected: found.revision },
              ...(yield* closeIncident(actor.workspace, found.state, "deleted"))
            ]
      yield* removeKept(alerts, actor, id, revision, [], also)
    })
  )

export const readAlertState = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  yield* readItem<Alert>(alerts, workspace, id)
  const found = yield* findState(workspace, id)
  if (found !== undefined) return found.state
  return yield* new Refused({ kind: "not-found", detail: `there is no alert ${id}`, errors: [] })
})

/** No message goes out until then; incidents are noticed all the same, and one that still is open then is told. */
export const snoozeAlert = (actor: Actor, id: string, { until }: AlertSnooze) =>
  besideLooks(
    Effect.gen(function* () {
      const { item } = yield* readItem<Alert>(alerts, actor.workspace, id)
      const found = yield* findState(actor.workspace, id)
      const now = yield* Clock.currentTimeMillis
      if (until !== null && (until <= now || until > now + snoozeMillisMax)) {
        const detail = "must lie in the future, a year ahead at the most"
        const errors = [{ pointer: "/until", code: "out_of_range", detail }]
        return yield* new Refused({ kind: "bad-request", detail: "the end of the snooze is not valid", errors })
      }
      const before = found?.state ?? freshState(id, item, now)
      const next_at = before.next_at === null ? null : Math.min(before.next_at, until ?? now)
      const state: AlertState = { ...before, snoozed_until: until, next_at }
      const documents = yield* DocumentStore
      yield* documents.commit(actor.workspace, {
        writes: [putState(state, found?.revision ?? 0)],
        audit: [yield* auditOf(actor, now, "alert.snoozed", `${alerts.name}/${id}`, undefined, { until })]
      })
      return state
    })
  )

/** Newest first; of one alert, or of all. */
export const listIncidents = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  query: { readonly alert?: string | undefined; readonly limit: number; readonly cursor?: string | undefined }
) {
  const documents = yield* DocumentStore
  const { alert, cursor, limit } = query
  const by = alert === undefined ? { index: "by_time", equals: [] } : { index: "by_alert", equals: [alert] }
  const { items, next } = yield* documents.list({ workspace, collection: incidents.name, ...by, limit, cursor })
  return { items: items.map(({ data }) => data as Incident), next: next ?? null }
})

export const readIncident = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, incidents.name, id)
  if (found !== undefined) return { incident: found.data as Incident, revision: found.revision }
  return yield* new Refused({ kind: "not-found", detail: `there is no incident ${id}`, errors: [] })
})

/** What an alert would have found in the buckets that are over, and what it would say of the newest; sends nothing. */
export const testAlert = Effect.fn("testAlert")(function* (workspace: WorkspaceId, id: string) {
  const { item: alert } = yield* readItem<Alert>(alerts, workspace, id)
  const scope = yield* bucketScopeOf(workspace, alert.interval)
  const now = yield* Clock.currentTimeMillis
  const { buckets } = bucketsDue(scope, 0, now)
  const found = yield* findingsOf(workspace, alert, scope, buckets.slice(-bucketsAtOnceMax[alert.interval]))
  const findings = found.map(({ finding }) => finding)
  let status: AlertState["status"] = "ok"
  let count = 0
  for (const { outcome } of findings) {
    const change = decide(status, outcome)
    if (change === "opened") count += 1
    if (change === "opened" || change === "resolved") status = change === "opened" ? "firing" : "ok"
  }
  const newest = findings.at(-1)
  const answer: AlertTest = {
    time_zone: scope.zone,
    findings,
    incidents: count,
    would_notify: newest?.outcome === "met" && alert.recipients.length > 0 && alert.paused !== true,
    message: newest === undefined ? null : alertMessage(alert, "firing", [newest], scope.zone)
  }
  return answer
})
