import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { EventLake } from "../../../ports/analytics/EventLake.ts"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { FirstEvent } from "../../../ports/analytics/EventStore.ts"
import type { Expiry } from "../../../ports/analytics/Expiry.ts"
import { retainingWorkspaces } from "../../../ports/analytics/RetentionPolicy.ts"
import { storedLineVersion } from "../../../ports/analytics/StoredEvent.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import { forEveryPage } from "../../platform/everyPage.ts"
import { forEachApart } from "../../platform/everyWorkspace.ts"
import { everywhere } from "../../platform/installation.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { rewriteExports } from "../workflows/exports.ts"
import { expiriesBy, heldEvents, holdsOf, policiesOf } from "./expiries.ts"
import { isExpired } from "./isExpired.ts"

/** Lines that one append takes to the log. */
const firstsPage = 500

interface Retaining {
  readonly name: string
  /** Whether lines of the log are over that are not overwritten yet. */
  readonly log_due?: boolean
}

const nameOf = ({ name }: Retaining): string => name

const put = Effect.fnUntraced(function* (data: Retaining) {
  const documents = yield* DocumentStore
  const write = { kind: "put", expected: "any", schema_version: 1, subjects: [] } as const
  yield* withoutConflict(
    documents.commit(everywhere, { writes: [{ ...write, collection: retainingWorkspaces.name, id: data.name, data }] })
  )
})

const allRetaining = Effect.gen(function* () {
  const by = { workspace: everywhere, collection: retainingWorkspaces.name, index: "by_name", equals: [] }
  const found: Array<Retaining> = []
  yield* forEveryPage(by, (page) => Effect.sync(() => void found.push(...page.map(({ data }) => data as Retaining))))
  return found
})

/** What stays of a first event, as a line of the log: who, what and when, and nothing of the rest. */
const lineOf = (workspace: string, { event_id, event_type, ...first }: FirstEvent): string => {
  const stored: StoredEvent = {
    v: storedLineVersion,
    event_id,
    workspace,
    event_type,
    ...first,
    timestamp: first.time,
    historical: true,
    expired: true,
    properties: {}
  }
  return JSON.stringify(stored)
}

/** Puts what stays of first events into the log, so that a store that is built anew knows them. */
const keepFirsts = Effect.fnUntraced(function* (workspace: WorkspaceId, expiry: Expiry) {
  const store = yield* EventStore
  const log = yield* EventLog
  let after: string | undefined
  for (;;) {
    const firsts = yield* store.expiringFirsts(workspace, expiry, after, firstsPage)
    yield* log.append(
      firsts.map((first) => ({ key: `${workspace}|${first.anonymous_id}`, line: lineOf(workspace, first) }))
    )
    if (firsts.length < firstsPage) return
    after = firsts.at(-1)!.event_id
  }
})

const expiriesOf = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const held = yield* heldEvents(workspace, yield* holdsOf(workspace))
  return expiriesBy(yield* policiesOf(workspace), held, yield* Clock.currentTimeMillis)
})

/** Lets go what is over in store, lake and exports; answers whether the log has lines of it. */
const expireIn = Effect.fnUntraced(function* (retaining: Retaining) {
  const workspace = WorkspaceId.make(retaining.name)
  const store = yield* EventStore
  const lake = yield* EventLake
  const removed: Record<string, { readonly events: number; readonly lake_events: number }> = {}
  for (const { expiry, policy } of yield* expiriesOf(workspace)) {
    const going = yield* store.expiring(workspace, expiry)
    const inLake = yield* lake.count(workspace, expiry)
    if (going.length === 0 && inLake === 0) continue
    // First that the log is due: whatever breaks off behind it, its lines are overwritten.
    yield* put({ ...retaining, log_due: true })
    yield* keepFirsts(workspace, expiry)
    const { events } = yield* store.expire(workspace, expiry)
    const lakeEvents = inLake === 0 ? 0 : (yield* lake.remove(workspace, expiry)).events
    removed[policy.name] = { events, lake_events: lakeEvents }
  }
  if (Object.keys(removed).length === 0) return retaining.log_due === true
  yield* rewriteExports(workspace)
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const requestId = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
  const actor = { workspace, keyId: "retention", from: undefined, requestId }
  const record = yield* auditOf(actor, now, "retention.enforced", "retention_policies/", undefined, removed)
  yield* withoutConflict(documents.commit(workspace, { writes: [], audit: [record] }))
  return true
})

const workspaceIn = /^\{"v":\d+,"event_id":"[^"]*","workspace":"([^"]+)"/

/** Overwrites lines whose time is over, of all those workspaces in one walk. */
const expireInLog = Effect.fnUntraced(function* (due: ReadonlyArray<Retaining>) {
  const log = yield* EventLog
  const { done, failure } = yield* forEachApart(due, nameOf, ({ name }) =>
    Effect.map(expiriesOf(WorkspaceId.make(name)), (all) => [name, all.map(({ expiry }) => expiry)] as const)
  )
  const expiries = new Map<string, ReadonlyArray<Expiry>>(done)
  yield* log.erase((line) => {
    const own = expiries.get(workspaceIn.exec(line)?.[1] ?? "")
    if (own === undefined) return false
    try {
      const event = JSON.parse(line) as StoredEvent
      return own.some((expiry) => isExpired(event, expiry))
    } catch {
      return false
    }
  })
  for (const name of expiries.keys()) yield* put({ name })
  return failure
})

/**
 * Lets go of events whose time is over, in every workspace that has policies. May break off and be repeated; where it
 * fails in one workspace the others have their turn first.
 */
export const enforceRetention = Effect.gen(function* () {
  const { done, failure } = yield* forEachApart(yield* allRetaining, nameOf, (retaining) =>
    Effect.map(expireIn(retaining), (isDue) => (isDue ? [retaining] : []))
  )
  const due = done.flat()
  const inLog = due.length > 0 ? yield* expireInLog(due) : undefined
  const first = failure ?? inLog
  if (first !== undefined) return yield* first
})
