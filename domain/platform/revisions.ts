import { Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import type { Stamps } from "../../ports/documents/Resource.ts"
import { keptRevisions, revisionsKeptMax } from "../../ports/documents/Revision.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { peopleInFilters } from "../privacy/peopleInFilters.ts"
import { storedIds } from "../privacy/storedIds.ts"
import type { Actor } from "./audit.ts"
import { createItem, readItem, removeItem, replaceItem } from "./resources.ts"
import type { CountedIn, User } from "./resources.ts"

interface Kind {
  readonly name: string
  readonly singular: string
}

interface Kept<Item> {
  /** Collection and id of the document. */
  readonly of: string
  readonly revision: number
  readonly item: Item
}

/** The kind, whose documents name as their subjects the people that their conditions compare with, by ids as they are stored. */
export const naming = <Own extends Kind>(workspace: WorkspaceId, kind: Own) =>
  Effect.map(storedIds(workspace), (stored): Own & NamingKind => ({
    ...kind,
    subjectsOf: (item) => [...new Set(peopleInFilters(item).map(({ id }) => stored(id)))]
  }))

interface NamingKind extends Kind {
  readonly subjectsOf: (item: unknown) => ReadonlyArray<string>
}

const ofItem = ({ name }: Pick<Kind, "name">, id: string): string => `${name}/${id}`
const keptId = (kind: Pick<Kind, "name">, id: string, revision: number): string => `${ofItem(kind, id)}/${revision}`

/** What a document is from a revision on. */
export const keep = (kind: NamingKind, item: Stamps, revision: number): DocumentWrite => {
  const data: Kept<Stamps> = { of: ofItem(kind, item.id), revision, item }
  const id = keptId(kind, item.id, revision)
  return {
    kind: "put",
    collection: keptRevisions.name,
    id,
    expected: "any",
    schema_version: 1,
    subjects: kind.subjectsOf(item),
    data
  }
}

const forget = (kind: Kind, id: string, revision: number): DocumentWrite => ({
  kind: "delete",
  collection: keptRevisions.name,
  id: keptId(kind, id, revision),
  expected: "any"
})

/** {@link createItem} of a kind whose revisions are kept. */
export const createKept = Effect.fnUntraced(function* <Definition extends object>(
  kind: Kind & { readonly countedIn?: CountedIn },
  actor: Actor,
  definition: Definition,
  also: (id: string) => ReadonlyArray<DocumentWrite> = () => []
) {
  const own = yield* naming(actor.workspace, kind)
  return yield* createItem(own, actor, definition, (id, item) => [keep(own, item, 1), ...also(id)])
})

/** What is kept, and what goes, where a document that stood at `revision` becomes another. */
export const keepNext = (
  kind: NamingKind,
  before: Stamps,
  item: Stamps,
  revision: number
): ReadonlyArray<DocumentWrite> => [
  keep(kind, before, revision),
  keep(kind, item, revision + 1),
  ...(revision >= revisionsKeptMax ? [forget(kind, item.id, revision + 1 - revisionsKeptMax)] : [])
]

/** {@link replaceItem}, in one transaction with the revision that it makes. */
export const replaceKept = Effect.fnUntraced(function* <Definition extends object>(
  kind: Kind,
  actor: Actor,
  id: string,
  definition: Definition,
  revision: number,
  also: ReadonlyArray<DocumentWrite> = []
) {
  const { item: before } = yield* readItem<Stamps>(kind, actor.workspace, id)
  const own = yield* naming(actor.workspace, kind)
  return yield* replaceItem(own, actor, id, definition, revision, (item) => [
    ...keepNext(own, before, item, revision),
    ...also
  ])
})

/** {@link removeItem}, with every revision. */
export const removeKept = Effect.fnUntraced(function* (
  kind: Kind,
  actor: Actor,
  id: string,
  revision: number,
  users: ReadonlyArray<User> = [],
  also: ReadonlyArray<DocumentWrite> = []
) {
  const first = Math.max(1, revision + 1 - revisionsKeptMax)
  const all = Array.from({ length: revision + 1 - first }, (_, at) => forget(kind, id, first + at))
  const own = yield* naming(actor.workspace, kind)
  yield* removeItem(own, actor, id, revision, users, [...all, ...also])
})

const shown = <Definition extends object>({ item, revision }: Kept<Definition & Stamps>) => {
  const { changed_at, changed_by, created_at: _, created_by: __, id: ___, ...definition } = item
  return { revision, changed_at, changed_by, definition: definition as unknown as Definition }
}

/** Newest first. */
export const listRevisions = Effect.fn("listRevisions")(function* <Definition extends object>(
  kind: Kind,
  workspace: WorkspaceId,
  id: string,
  limit: number,
  cursor: string | undefined
) {
  yield* readItem(kind, workspace, id)
  return yield* pageOfRevisions<Definition>(kind, workspace, id, limit, cursor)
})

/** The same of a document that need not be there. */
export const pageOfRevisions = Effect.fnUntraced(function* <Definition extends object>(
  kind: Kind,
  workspace: WorkspaceId,
  id: string,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const equals = [ofItem(kind, id)]
  const at = { workspace, collection: keptRevisions.name, index: "by_revision", equals }
  const { items, next } = yield* documents.list({ ...at, limit, cursor })
  return { items: items.map(({ data }) => shown(data as Kept<Definition & Stamps>)), next: next ?? null }
})

/** The document as it was from that revision on, where that is kept. */
export const keptRevision = Effect.fnUntraced(function* <Item>(
  kind: Pick<Kind, "name">,
  workspace: WorkspaceId,
  id: string,
  revision: number
) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, keptRevisions.name, keptId(kind, id, revision))
  return found === undefined ? undefined : { item: (found.data as Kept<Item>).item, revision }
})

export const readRevision = Effect.fn("readRevision")(function* <Definition extends object>(
  kind: Kind,
  workspace: WorkspaceId,
  id: string,
  revision: number
) {
  const documents = yield* DocumentStore
  yield* readItem(kind, workspace, id)
  const found = yield* documents.get(workspace, keptRevisions.name, keptId(kind, id, revision))
  if (found === undefined) {
    const detail = `there is no revision ${revision} of ${kind.singular} ${id}; the newest ${revisionsKeptMax} are kept`
    return yield* new Refused({ kind: "not-found", detail, errors: [] })
  }
  return shown(found.data as Kept<Definition & Stamps>)
})
