import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, DuplicateKey } from "../../ports/documents/DocumentStore.ts"
import { resourceDocumentsMax } from "../../ports/documents/Resource.ts"
import type { Stamps } from "../../ports/documents/Resource.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { forEveryPage } from "./everyPage.ts"
import { once } from "./idempotency.ts"

/** What the functions below need of a resource. */
export interface Kind {
  readonly name: string
  readonly singular: string
  /** People that a document names; none by default. */
  readonly subjectsOf?: (item: unknown) => ReadonlyArray<string>
  /** When a document goes by itself, in ms UTC; never by default. */
  readonly expiresAt?: (item: unknown) => number
  /** Fewer than of other kinds. */
  readonly documentsMax?: number
  /** What holds the documents that are so many at the most; the index `by_time` by default. */
  readonly countedIn?: CountedIn
}

export interface CountedIn {
  readonly index: string
  readonly equals: ReadonlyArray<string>
}

export interface Revised<Item> {
  readonly item: Item
  readonly revision: number
}

/** A document that names this one, which therefore cannot be deleted. */
export interface User {
  /** Collection and id. */
  readonly target: string
  readonly name: string
}

export const named = ({ subjectsOf }: Kind, ...items: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  subjectsOf === undefined ? [] : [...new Set(items.flatMap(subjectsOf))]

export const putItem = ({ expiresAt, name, subjectsOf }: Kind, item: Stamps, expected: number): DocumentWrite => ({
  kind: "put",
  collection: name,
  id: item.id,
  expected,
  schema_version: 1,
  subjects: subjectsOf?.(item) ?? [],
  ...(expiresAt === undefined ? {} : { expires_at: expiresAt(item) }),
  data: item
})

/** Refuses one more where a workspace has as many as it may. */
export const refuseFull = Effect.fnUntraced(function* (
  documents: DocumentStore["Service"],
  workspace: WorkspaceId,
  { countedIn = { index: "by_time", equals: [] }, documentsMax = resourceDocumentsMax, name }: Kind
) {
  const count = yield* documents.count({ workspace, collection: name, ...countedIn })
  if (count < documentsMax) return
  const detail = `a workspace has at most ${documentsMax} of ${name}`
  return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
})

/** Makes a document, once per `Idempotency-Key`. */
export const createItem = Effect.fn("createItem")(function* <Definition extends object>(
  kind: Kind,
  actor: Actor,
  definition: Definition,
  /** What else comes into being with the document of that id. */
  also: (id: string, item: Definition & Stamps) => ReadonlyArray<DocumentWrite> = () => [],
  /** An id of its own; a new one by default. */
  ownId?: string
) {
  const documents = yield* DocumentStore
  return yield* once<Definition & Stamps, DuplicateKey, SecureRandom.SecureRandom>(
    actor,
    Effect.fnUntraced(function* (remember) {
      yield* refuseFull(documents, actor.workspace, kind)
      const now = yield* Clock.currentTimeMillis
      const random = yield* SecureRandom.SecureRandom
      const by = { created_at: now, created_by: actor.keyId, changed_at: now, changed_by: actor.keyId }
      const item = { ...definition, id: ownId ?? (yield* random.uuidV7()), ...by }
      yield* documents.commit(actor.workspace, {
        writes: [putItem(kind, item, 0), ...also(item.id, item)],
        audit: [
          yield* auditOf(
            actor,
            now,
            `${kind.singular}.created`,
            `${kind.name}/${item.id}`,
            undefined,
            item,
            named(kind, item)
          )
        ],
        ...remember(item)
      })
      return item
    })
  )
})

/** Newest first. */
export const listItems = Effect.fn("listItems")(function* <Item>(
  kind: Kind,
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const { items, next } = yield* documents.list({
    workspace,
    collection: kind.name,
    index: "by_time",
    equals: [],
    limit,
    cursor
  })
  return { items: items.map((each) => each.data as Item), next: next ?? null }
})

/** Something of every document, in the order of the list; between pages others have their turn. */
export const gatherItems = Effect.fnUntraced(function* <Item, Found>(
  { name }: Pick<Kind, "name">,
  workspace: WorkspaceId,
  find: (item: Item) => ReadonlyArray<Found>
) {
  const found: Array<Found> = []
  yield* forEveryPage({ workspace, collection: name, index: "by_time", equals: [] }, (page) =>
    Effect.sync(() => {
      for (const { data } of page) found.push(...find(data as Item))
    })
  )
  return found
})

export const readItem = Effect.fnUntraced(function* <Item>(kind: Kind, workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, kind.name, id)
  if (found === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `there is no ${kind.singular} ${id}`, errors: [] })
  }
  const revised: Revised<Item> = { item: found.data as Item, revision: found.revision }
  return revised
})

/** Replaces the whole definition of the document that stands at `revision`. */
export const replaceItem = Effect.fn("replaceItem")(function* <Definition extends object>(
  kind: Kind,
  actor: Actor,
  id: string,
  definition: Definition,
  revision: number,
  /** What else changes with it. */
  also: (item: Definition & Stamps) => ReadonlyArray<DocumentWrite> = () => []
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { item: before } = yield* readItem<Definition & Stamps>(kind, actor.workspace, id)
  const { created_at, created_by } = before
  const item = { ...definition, id, created_at, created_by, changed_at: now, changed_by: actor.keyId }
  const [changed = 0] = yield* documents.commit(actor.workspace, {
    writes: [putItem(kind, item, revision), ...also(item)],
    audit: [
      yield* auditOf(
        actor,
        now,
        `${kind.singular}.changed`,
        `${kind.name}/${id}`,
        before,
        item,
        named(kind, before, item)
      )
    ]
  })
  const revised: Revised<Definition & Stamps> = { item, revision: changed }
  return revised
})

/** Deletes the document that stands at `revision`, unless others name it. */
export const removeItem = Effect.fn("removeItem")(function* (
  kind: Kind,
  actor: Actor,
  id: string,
  revision: number,
  users: ReadonlyArray<User> = [],
  /** What goes with it. */
  also: ReadonlyArray<DocumentWrite> = []
) {
  if (users.length > 0) {
    const errors = users.map(({ name, target }) => ({ pointer: "", code: "in_use", detail: `${target} (${name})` }))
    return yield* new Refused({ kind: "conflict", detail: `the ${kind.singular} is in use`, errors })
  }
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { item: before } = yield* readItem<Stamps>(kind, actor.workspace, id)
  yield* documents.commit(actor.workspace, {
    writes: [{ kind: "delete", collection: kind.name, id, expected: revision }, ...also],
    audit: [
      yield* auditOf(
        actor,
        now,
        `${kind.singular}.deleted`,
        `${kind.name}/${id}`,
        before,
        undefined,
        named(kind, before)
      )
    ]
  })
})
