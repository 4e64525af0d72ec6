import { Clock, Effect, Exit, Semaphore } from "effect"
import { SecureRandom } from "effect/crypto"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import type { UserMerge } from "../../../ports/analytics/EventStore.ts"
import type { Merge, NewMerge } from "../../../ports/analytics/People.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import type { Remember } from "../../platform/idempotency.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { idAtDoor } from "./idAtDoor.ts"

export const collection: Collection = {
  name: "person_merges",
  unique: ["from"],
  indexes: [{ name: "by_time", equals: [], sort: "merged_at", direction: "ascending" }]
}

/** Workspaces that have merges, so that a store which lost its data gets them again. */
export const mergingWorkspaces: Collection = {
  name: "merging_workspaces",
  unique: [],
  indexes: [{ name: "by_name", equals: [], sort: "name", direction: "ascending" }]
}
/** One document of each workspace, raised by every merge: a merge that was judged by an older state does not pass. */
export const mergeOrder: Collection = { name: "merge_order", unique: [], indexes: [] }
const orderId = "order"
const everywhere = WorkspaceId.make("all-workspaces")

/** Merges of one workspace; more means that something else is wrong. */
export const mergesMax = 10_000

const rootOf = (into: ReadonlyMap<string, string>, user: string): string => {
  let at = user
  for (let steps = 0; steps < into.size && into.has(at); steps += 1) at = into.get(at)!
  return at
}

type Link = Pick<Merge, "from" | "into">

const mapOf = (merges: ReadonlyArray<Link>) => new Map(merges.map((merge) => [merge.from, merge.into]))

/** Every `from` with the user that it counts as in the end: `into` is never itself merged. */
export const resolveMerges = (merges: ReadonlyArray<Link>): ReadonlyArray<UserMerge> => {
  const into = mapOf(merges)
  return [...into.keys()].map((from) => ({ from, into: rootOf(into, from) }))
}

const allMerges = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const merges: Array<Merge> = []
  let cursor: string | undefined
  do {
    const page = yield* documents.list({
      workspace,
      collection: collection.name,
      index: "by_time",
      equals: [],
      limit: 100,
      cursor
    })
    merges.push(...page.items.map((item) => item.data as Merge))
    cursor = page.next
  } while (cursor !== undefined && merges.length < mergesMax)
  return merges
})

/** Users of the workspace that count as others. */
export const currentMerges = (workspace: WorkspaceId) =>
  Effect.map(
    Effect.catchTag(allMerges(workspace), "InvalidCursor", (cause) => Effect.die(cause)),
    resolveMerges
  )

/** One at a time, so that a list read earlier never replaces a later one. */
const applying = Semaphore.makeUnsafe(1)

/** Workspaces whose merges stand and are not in the event store, because it was away. A start gives it those of all. */
const behind = new Set<WorkspaceId>()

/** Gives the workspace's merges to the event store; also after it lost its data. */
export const applyMerges = (workspace: WorkspaceId) =>
  applying
    .withPermits(1)(
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.setMerges(workspace, resolveMerges(yield* allMerges(workspace)))
      })
    )
    .pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => void (Exit.isSuccess(exit) ? behind.delete(workspace) : behind.add(workspace)))
      )
    )

/** Merges that the event store did not take when they were made, or taken back. */
export const catchUpMerges = Effect.suspend(() =>
  Effect.forEach([...behind], (workspace) => Effect.catchTag(applyMerges(workspace), "InvalidCursor", Effect.die), {
    discard: true
  })
)

/** Gives every workspace's merges to the event store: at each start. */
export const applyAllMerges = Effect.gen(function* () {
  const documents = yield* DocumentStore
  let cursor: string | undefined
  do {
    const page = yield* documents.list({
      workspace: everywhere,
      collection: mergingWorkspaces.name,
      index: "by_name",
      equals: [],
      limit: 100,
      cursor
    })
    for (const { id } of page.items) yield* applyMerges(WorkspaceId.make(id))
    cursor = page.next
  } while (cursor !== undefined)
})

const refuse = (kind: "bad-request" | "conflict", pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

/** From now on both users count as `into`, in every question. Undone by {@link undoMerge}. */
export const mergePeople = Effect.fn("mergePeople")(function* (actor: Actor, asked: NewMerge) {
  const { workspace } = actor
  const [from, into] = [yield* idAtDoor(workspace, asked.from), yield* idAtDoor(workspace, asked.into)]
  for (const [pointer, id] of [
    ["/from", from],
    ["/into", into]
  ] as const) {
    if (isReservedId(id))
      return yield* refuse("bad-request", pointer, "reserved_id", `${id} stands for nobody and cannot be merged`)
  }
  if (from === into) return yield* refuse("bad-request", "/into", "same_user", "a user cannot be merged with itself")
  const merge = yield* once(actor, (remember: Remember<Merge>) =>
    storeMerge(actor, { ...asked, from, into }, remember).pipe(
      // Another merge came in between: judge anew, or two of them might make a circle.
      Effect.retry({ times: 5, while: isOvertaken })
    )
  )
  yield* applyMerges(workspace)
  return merge
})

const isOvertaken = (failure: { readonly _tag: string; readonly collection?: unknown }): boolean =>
  failure._tag === "StaleRevision" && failure.collection === mergeOrder.name

const storeMerge = Effect.fnUntraced(function* (
  actor: Actor,
  { force = false, from, into }: NewMerge,
  remember: Remember<Merge>
) {
  const { workspace } = actor
  const documents = yield* DocumentStore
  const store = yield* EventStore
  const order = yield* documents.get(workspace, mergeOrder.name, orderId)
  const merges = yield* allMerges(workspace)
  if (merges.length >= mergesMax) return yield* refuse("conflict", "", "too_many", `${mergesMax} merges at the most`)
  if (merges.some((merge) => merge.from === from))
    return yield* refuse("conflict", "/from", "merged_before", `${from} is merged already`)
  if (rootOf(mapOf(merges), into) === from)
    return yield* refuse("conflict", "/into", "cycle", `${into} counts as ${from} already`)
  const known = yield* Effect.forEach([from, into], (personId) => store.people({ workspace, personId, limit: 1 }))
  if (!force && known.every((people) => people.length > 0)) {
    return yield* refuse("conflict", "/force", "both_known", "both users have events: send force to merge them")
  }
  const now = yield* Clock.currentTimeMillis
  const random = yield* SecureRandom.SecureRandom
  const merge: Merge = { id: yield* random.uuidV7(), from, into, merged_at: now, merged_by: actor.keyId }
  yield* documents.commit(everywhere, {
    writes: [
      {
        kind: "put",
        collection: mergingWorkspaces.name,
        id: workspace,
        expected: "any",
        schema_version: 1,
        subjects: [],
        data: { name: workspace }
      }
    ]
  })
  yield* documents.commit(workspace, {
    writes: [
      {
        kind: "put",
        collection: collection.name,
        id: merge.id,
        expected: 0,
        schema_version: 1,
        subjects: [from, into],
        data: merge
      },
      {
        kind: "put",
        collection: mergeOrder.name,
        id: orderId,
        expected: order?.revision ?? 0,
        schema_version: 1,
        subjects: [],
        data: {}
      }
    ],
    audit: [
      yield* auditOf(actor, now, "persons.merged", `person_merges/${merge.id}`, undefined, { id: merge.id }, [
        from,
        into
      ])
    ],
    ...remember(merge)
  })
  return merge
})

/** Deletes the merges that name one of the users; answers how many. */
export const forgetMerges = Effect.fn("forgetMerges")(function* (workspace: WorkspaceId, users: ReadonlyArray<string>) {
  const documents = yield* DocumentStore
  const named = new Set(users)
  const all = yield* Effect.catchTag(allMerges(workspace), "InvalidCursor", (cause) => Effect.die(cause))
  const found = all.filter(({ from, into }) => named.has(from) || named.has(into))
  for (const { id } of found) {
    yield* withoutConflict(
      documents.commit(workspace, {
        writes: [{ kind: "delete", collection: collection.name, id, expected: "any" }]
      })
    )
  }
  if (found.length > 0) yield* Effect.catchTag(applyMerges(workspace), "InvalidCursor", (cause) => Effect.die(cause))
  return found.length
})

export const readMerge = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, collection.name, id)
  if (found === undefined)
    return yield* new Refused({ kind: "not-found", detail: `there is no merge ${id}`, errors: [] })
  return { merge: found.data as Merge, revision: found.revision }
})

export const undoMerge = Effect.fn("undoMerge")(function* (actor: Actor, id: string) {
  const documents = yield* DocumentStore
  const { merge, revision } = yield* readMerge(actor.workspace, id)
  const now = yield* Clock.currentTimeMillis
  yield* documents.commit(actor.workspace, {
    writes: [{ kind: "delete", collection: collection.name, id, expected: revision }],
    audit: [
      yield* auditOf(actor, now, "persons.merge_undone", `person_merges/${id}`, { id }, undefined, [
        merge.from,
        merge.into
      ])
    ]
  })
  yield* applyMerges(actor.workspace)
})

export const listMerges = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const { items, next } = yield* documents.list({
    workspace,
    collection: collection.name,
    index: "by_time",
    equals: [],
    limit,
    cursor
  })
  return { items: items.map((item) => item.data as Merge), next: next ?? null }
})
