import { Clock, Effect } from "effect"
import { EventLake, removedEventTypesMax } from "../../../ports/analytics/EventLake.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { Expiry } from "../../../ports/analytics/Expiry.ts"
import {
  retainingWorkspaces,
  retentionPolicies,
  retentionPoliciesMax
} from "../../../ports/analytics/RetentionPolicy.ts"
import type {
  NewRetentionPolicy,
  RetentionDryRun,
  RetentionForecast,
  RetentionPolicy
} from "../../../ports/analytics/RetentionPolicy.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { everywhere } from "../../platform/installation.ts"
import { createItem, replaceItem } from "../../platform/resources.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { expiriesBy, heldEvents, holdsOf, policiesOf } from "./expiries.ts"

const refuse = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "conflict", detail, errors: [{ pointer, code, detail }] })

/** The policies beside the one that stands at the id. */
const others = (policies: ReadonlyArray<RetentionPolicy>, id: string | undefined) =>
  policies.filter((policy) => policy.id !== id)

/** Refuses a policy that would leave open which one holds for a type. */
const check = Effect.fnUntraced(function* (
  beside: ReadonlyArray<RetentionPolicy>,
  { event_types }: NewRetentionPolicy,
  within = ""
) {
  if (beside.length >= retentionPoliciesMax) {
    return yield* refuse("", "too_many", `${retentionPoliciesMax} policies at the most`)
  }
  if (event_types === undefined) {
    const standing = beside.find((policy) => policy.event_types === undefined)
    if (standing === undefined) return
    const detail = `${standing.name} holds for every other type already`
    return yield* refuse(`${within}/event_types`, "second_default", detail)
  }
  const named = new Map(
    beside.flatMap(({ event_types: types = [], name }) => types.map((type) => [type, name] as const))
  )
  for (const [index, type] of event_types.entries()) {
    const name = named.get(type)
    if (name === undefined) continue
    return yield* refuse(`${within}/event_types/${index}`, "named_before", `${name} holds for ${type} already`)
  }
  if (named.size + new Set(event_types).size > removedEventTypesMax) {
    const detail = `all policies name ${removedEventTypesMax} types at the most`
    return yield* refuse(`${within}/event_types`, "too_many", detail)
  }
})

export const createPolicy = Effect.fn("createRetentionPolicy")(function* (actor: Actor, policy: NewRetentionPolicy) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  yield* check(yield* policiesOf(workspace), policy)
  const write = { kind: "put", expected: 0, schema_version: 1, subjects: [], data: { name: workspace } } as const
  yield* (
    documents
      .commit(everywhere, { writes: [{ ...write, collection: retainingWorkspaces.name, id: workspace }] })
      // It stands there already, and may say that lines of the log are still to be overwritten.
      .pipe(
        Effect.catchTag("StaleRevision", () => Effect.void),
        withoutConflict
      )
  )
  return yield* createItem(retentionPolicies, actor, policy)
})

export const replacePolicy = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  policy: NewRetentionPolicy,
  revision: number
) {
  yield* check(others(yield* policiesOf(actor.workspace), id), policy)
  return yield* replaceItem(retentionPolicies, actor, id, policy, revision)
})

/** What would go now, by type with the oldest day, and what legal holds keep; nothing is changed. */
export const dryRun = Effect.fn("retentionDryRun")(function* (
  workspace: WorkspaceId,
  { policy, replaces }: RetentionDryRun
) {
  const standing = yield* policiesOf(workspace)
  if (replaces !== undefined && !standing.some(({ id }) => id === replaces)) {
    const detail = `there is no retention policy ${replaces}`
    const errors = [{ pointer: "/replaces", code: "not_found", detail }]
    return yield* new Refused({ kind: "bad-request", detail, errors })
  }
  const beside = others(standing, replaces)
  if (policy !== undefined) yield* check(beside, policy, "/policy")
  const policies: ReadonlyArray<NewRetentionPolicy> = policy === undefined ? beside : [...beside, policy]
  const holds = yield* holdsOf(workspace)
  const at = yield* Clock.currentTimeMillis
  const expiries = expiriesBy(policies, yield* heldEvents(workspace, holds), at)
  const forecasts = yield* Effect.forEach(expiries, (each) => forecastOf(workspace, each.policy, each.expiry))
  const sum = (name: "events" | "held_events") => forecasts.reduce((total, each) => total + each[name], 0)
  const forecast: RetentionForecast = {
    at,
    policies: forecasts,
    events: sum("events"),
    held_events: sum("held_events"),
    legal_holds: holds.map(({ id, name }) => ({ id, name }))
  }
  return forecast
})

const forecastOf = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { days, name }: NewRetentionPolicy,
  expiry: Expiry
) {
  const store = yield* EventStore
  const lake = yield* EventLake
  const going = yield* store.expiring(workspace, expiry)
  const events = going.reduce((sum, each) => sum + each.events, 0)
  const all = yield* store.expiring(workspace, { ...expiry, holds: [] })
  return {
    name,
    days,
    before: expiry.beforeMillis,
    event_types: going.map(({ oldest, ...each }) => ({
      ...each,
      oldest_day: new Date(oldest).toISOString().slice(0, 10)
    })),
    events,
    lake_events: yield* lake.count(workspace, expiry),
    held_events: all.reduce((sum, each) => sum + each.events, 0) - events
  }
})
