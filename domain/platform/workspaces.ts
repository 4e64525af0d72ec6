import { Clock, Effect } from "effect"
import type { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite, DuplicateKey } from "../../ports/documents/DocumentStore.ts"
import type { ApiKey } from "../../ports/platform/ApiKey.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { NewWorkspace, Workspace, WorkspaceChange } from "../../ports/platform/Workspace.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor, AuditEntry } from "./audit.ts"
import { once } from "./idempotency.ts"
import { announced } from "./identityChanges.ts"
import { defaultWorkspace, onlyForDefault, reservedWorkspaces } from "./installation.ts"
import { newKey, putKey, withToken } from "./keys.ts"
import type { Person } from "./keys.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** All of them lie in the workspace `default`, whose tokens manage them. */
export const collection: Collection = {
  name: "workspaces",
  unique: [],
  indexes: [{ name: "by_id", equals: [], sort: "id", direction: "ascending" }]
}

export interface RevisedWorkspace {
  readonly workspace: Workspace
  readonly revision: number
}

const put = (workspace: Workspace, expected: number): DocumentWrite => ({
  kind: "put",
  collection: collection.name,
  id: workspace.id,
  expected,
  schema_version: 1,
  subjects: [],
  data: workspace
})

const notFound = (id: string) => new Refused({ kind: "not-found", detail: `there is no workspace ${id}`, errors: [] })

const managed = "workspaces are managed"

/** To a tenant no workspace is there but its own one, which it does not manage. */
const onlyForManager = (actor: Pick<Actor, "workspace">, id: string): Effect.Effect<void, Refused> =>
  actor.workspace === defaultWorkspace || actor.workspace === id ? onlyForDefault(actor, managed) : notFound(id)

const find = Effect.fnUntraced(function* (id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(defaultWorkspace, collection.name, id)
  if (found === undefined) return undefined
  const revised: RevisedWorkspace = { workspace: found.data as Workspace, revision: found.revision }
  return revised
})

const audited = (actor: Actor, now: number, action: string, before: Workspace | undefined, after: Workspace) =>
  auditOf(actor, now, `workspace.${action}`, `workspaces/${after.id}`, before, after)

/** The workspace of a proven token, which comes into being when the first token names it. */
export const enterWorkspace = Effect.fnUntraced(function* (actor: Actor) {
  const found = yield* find(actor.workspace)
  if (found !== undefined) return found.workspace
  const now = yield* Clock.currentTimeMillis
  const made: Workspace = {
    id: actor.workspace,
    name: actor.workspace,
    created_at: now,
    created_by: actor.keyId,
    archived_at: null
  }
  const commit = store(made, 0, yield* audited(actor, now, "created", undefined, made))
  // Two first requests at once: one makes it, both go on.
  yield* withoutConflict(Effect.catchTag(commit, "StaleRevision", () => Effect.void))
  return made
})

const store = (workspace: Workspace, expected: number, audit: AuditEntry) =>
  Effect.flatMap(DocumentStore, (documents) =>
    documents.commit(defaultWorkspace, { writes: [put(workspace, expected)], audit: [audit] })
  )

/** Makes the workspace that is there from the first start. */
export const createDefaultWorkspace = enterWorkspace({
  workspace: defaultWorkspace,
  keyId: "start",
  from: undefined,
  requestId: "start"
})

export const listWorkspaces = Effect.fnUntraced(function* (
  actor: Pick<Actor, "workspace">,
  limit: number,
  cursor: string | undefined
) {
  if (actor.workspace !== defaultWorkspace) {
    const own = yield* find(actor.workspace)
    return { items: own === undefined ? [] : [own.workspace], next: null }
  }
  const documents = yield* DocumentStore
  const { items, next } = yield* documents.list({
    workspace: defaultWorkspace,
    collection: collection.name,
    index: "by_id",
    equals: [],
    limit,
    cursor
  })
  return { items: items.map((item) => item.data as Workspace), next: next ?? null }
})

export const readWorkspace = Effect.fnUntraced(function* (actor: Pick<Actor, "workspace">, id: string) {
  if (actor.workspace !== id) yield* onlyForManager(actor, id)
  return (yield* find(id)) ?? (yield* notFound(id))
})

/** Makes a workspace and its first key, which holds everything in it, so that the tenant can begin. */
export const createWorkspace = Effect.fn("createWorkspace")(function* (actor: Person, { id, name = id }: NewWorkspace) {
  yield* onlyForDefault(actor, managed)
  const documents = yield* DocumentStore
  const made = yield* once<
    { readonly workspace: Workspace; readonly key: ApiKey },
    DuplicateKey,
    SecureRandom.SecureRandom | DocumentStore
  >(
    actor,
    Effect.fnUntraced(function* (remember) {
      if (reservedWorkspaces.has(id) || (yield* find(id)) !== undefined) return yield* taken(id)
      const key = yield* newKey(actor, { name: "first key", scopes: ["*"] })
      const now = key.created_at
      const workspace: Workspace = { id, name, created_at: now, created_by: actor.keyId, archived_at: null }
      const commit = documents.commit(defaultWorkspace, {
        writes: [put(workspace, 0)],
        audit: [yield* audited(actor, now, "created", undefined, workspace)],
        ...remember({ workspace, key })
      })
      yield* Effect.catchIf(commit, isMadeElsewhere, () => taken(id))
      return { workspace, key }
    })
  )
  yield* storeFirstKey({ ...actor, workspace: id }, made.key)
  return { ...made.workspace, key: yield* withToken(id, made.key) }
})

const taken = (id: string) => {
  const detail = `there is a workspace ${id} already`
  return new Refused({ kind: "conflict", detail, errors: [{ pointer: "/id", code: "taken", detail }] })
}

const isMadeElsewhere = (failure: { readonly _tag: string; readonly collection?: string }): boolean =>
  failure._tag === "StaleRevision" && failure.collection === collection.name

/** Beside the workspace, in the tenant's own records; also by a repeated request, where the first one broke off. */
const storeFirstKey = Effect.fnUntraced(function* (actor: Actor, key: ApiKey) {
  const documents = yield* DocumentStore
  const commit = documents.commit(actor.workspace, {
    writes: [putKey(key, 0)],
    audit: [yield* auditOf(actor, key.created_at, "key.created", `keys/${key.id}`, undefined, key)]
  })
  yield* withoutConflict(Effect.catchTag(commit, "StaleRevision", () => Effect.void))
})

/** Gives another name to the workspace that stands at the revision. */
export const renameWorkspace = Effect.fn("renameWorkspace")(function* (
  actor: Actor,
  id: string,
  { name }: WorkspaceChange,
  revision: number
) {
  yield* onlyForManager(actor, id)
  const { workspace: before } = (yield* find(id)) ?? (yield* notFound(id))
  const now = yield* Clock.currentTimeMillis
  const workspace: Workspace = { ...before, name }
  const [next = revision + 1] = yield* store(
    workspace,
    revision,
    yield* audited(actor, now, "renamed", before, workspace)
  )
  const revised: RevisedWorkspace = { workspace, revision: next }
  return revised
})

/** From now on all tokens of the workspace are refused, within a second everywhere; its data stays. */
export const archiveWorkspace = Effect.fn("archiveWorkspace")(function* (actor: Actor, id: string, revision: number) {
  yield* onlyForManager(actor, id)
  if (id === defaultWorkspace) {
    const detail = `the workspace ${defaultWorkspace} manages the others and stays`
    return yield* new Refused({ kind: "conflict", detail, errors: [] })
  }
  const found = (yield* find(id)) ?? (yield* notFound(id))
  return yield* setArchived(actor, { ...found, revision }, "archived")
})

/** Tokens of an archived workspace count again, as far as they have not expired. */
export const restoreWorkspace = Effect.fn("restoreWorkspace")(function* (actor: Actor, id: string) {
  yield* onlyForManager(actor, id)
  const found = (yield* find(id)) ?? (yield* notFound(id))
  return yield* setArchived(actor, found, "restored")
})

const setArchived = Effect.fnUntraced(function* (
  actor: Actor,
  found: RevisedWorkspace,
  action: "archived" | "restored"
) {
  const { revision, workspace: before } = found
  if ((before.archived_at !== null) === (action === "archived")) return found
  const now = yield* Clock.currentTimeMillis
  const workspace: Workspace = { ...before, archived_at: action === "archived" ? now : null }
  const commit = store(workspace, revision, yield* audited(actor, now, action, before, workspace))
  const [next = revision + 1] = yield* announced(WorkspaceId.make(before.id), null, commit)
  const revised: RevisedWorkspace = { workspace, revision: next }
  return revised
})
