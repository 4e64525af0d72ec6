import { Clock, Effect, Layer, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import {
  Collections,
  commitWritesMax,
  DocumentStore,
  DuplicateKey,
  InvalidCursor,
  getManyMax,
  listLimitMax,
  StaleRevision
} from "../../ports/documents/DocumentStore.ts"
import type { Collection, Commit, DocumentWrite, StoredDocument } from "../../ports/documents/DocumentStore.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { briefTransaction, open, sqliteFailure, transaction } from "./Database.ts"
import type { Database } from "./Database.ts"
import { groupCommit, WriteState } from "./GroupCommit.ts"
import {
  decodeCursor,
  definitionHash,
  encodeCursor,
  entryOf,
  equalsText,
  impliedCollections,
  sortBounds,
  valueAt
} from "./documentIndexes.ts"

const schema = `
create table if not exists documents (
  workspace text not null, collection text not null, id text not null,
  revision integer not null, schema_version integer not null, expires_at integer, subjects text not null, data text not null,
  primary key (workspace, collection, id)
);
create index if not exists documents_by_expiry on documents (expires_at) where expires_at is not null;
create table if not exists index_entries (
  workspace text not null, collection text not null, index_name text not null,
  equals text not null, sort text not null, id text not null,
  primary key (workspace, collection, index_name, equals, sort, id)
);
create index if not exists index_entries_by_document on index_entries (workspace, collection, id);
create table if not exists unique_keys (
  workspace text not null, collection text not null, field text not null, value text not null, id text not null,
  primary key (workspace, collection, field, value)
);
create index if not exists unique_keys_by_document on unique_keys (workspace, collection, id);
create table if not exists document_subjects (
  workspace text not null, subject text not null, collection text not null, id text not null,
  primary key (workspace, subject, collection, id)
);
create index if not exists document_subjects_by_document on document_subjects (workspace, collection, id);
create table if not exists collection_definitions (collection text primary key, definition text not null);
create table if not exists cursor_keys (id integer primary key check (id = 1), key blob not null);
`

/** Expired documents that one transaction of a sweep removes, and transactions of one sweep; the next takes the rest. */
export const sweepDocumentsMax = 200
export const sweepTransactionsMax = 100
const sweepEvery = "1 minute"
const far = Number.MAX_SAFE_INTEGER

interface Row {
  readonly collection: string
  readonly id: string
  readonly revision: number
  readonly schema_version: number
  readonly expires_at: number | null
  readonly subjects: string
  readonly data: string
  readonly sort?: string
}

/** Documents in one SQLite file; every commit is one transaction, on the disk before it is answered. */
export const layer = (options: { readonly file: string }): Layer.Layer<DocumentStore, PortFailure, Collections> =>
  Layer.effect(
    DocumentStore,
    Effect.gen(function* () {
      const declared = [...impliedCollections, ...(yield* Collections)]
      const collections = new Map(declared.map((each) => [each.name, each]))
      const database = yield* open("DocumentStore", options.file, schema)
      yield* attempt("open", () => reindex(database, declared))
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(sweep(database)), Schedule.spaced(sweepEvery)))
      const state = new WriteState()
      yield* state.watch("documents")
      return yield* attempt("open", () => DocumentStore.of(operations(database, collections, state)))
    })
  )

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, PortFailure> =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof PortFailure ? cause : sqliteFailure("DocumentStore", operation, cause))
  })

const sweep = Effect.fnUntraced(function* (database: Database) {
  for (let round = 0; round < sweepTransactionsMax; round += 1) {
    const now = yield* Clock.currentTimeMillis
    const removed = yield* attempt("sweep", () => removeExpired(database, now))
    if (removed < sweepDocumentsMax) return
    yield* Effect.yieldNow
  }
})

/** The secret of this file's cursors, made at the first start. */
const cursorKey = (database: Database): Uint8Array => {
  database.prepare("insert or ignore into cursor_keys values (1, ?)").run(randomBytes(32))
  return (database.prepare("select key from cursor_keys").get() as { key: Uint8Array }).key
}

const operations = (
  database: Database,
  collections: ReadonlyMap<string, Collection>,
  state: WriteState
): DocumentStore["Service"] => {
  const columns = "d.collection, d.id, d.revision, d.schema_version, d.expires_at, d.subjects, d.data"
  const selectOne = database.prepare(
    `select ${columns} from documents d where workspace = ? and collection = ? and id = ? and coalesce(expires_at, ${far}) > ?`
  )
  const selectMany = database.prepare(
    `select ${columns} from documents d where workspace = ? and collection = ?
       and id in (select value from json_each(?)) and coalesce(expires_at, ${far}) > ?`
  )
  const selectPage = (direction: "ascending" | "descending", from: "first" | "next") => {
    const [beyond, order] = direction === "ascending" ? [">", "asc"] : ["<", "desc"]
    return database.prepare(
      `select ${columns}, e.sort from index_entries e
       join documents d on d.workspace = e.workspace and d.collection = e.collection and d.id = e.id
       where e.workspace = ? and e.collection = ? and e.index_name = ? and e.equals = ? and e.sort >= ? and e.sort < ?
         ${from === "next" ? `and (e.sort, e.id) ${beyond} (?, ?)` : ""} and coalesce(d.expires_at, ${far}) > ?
       order by e.sort ${order}, e.id ${order} limit ?`
    )
  }
  const pages = {
    ascending: { first: selectPage("ascending", "first"), next: selectPage("ascending", "next") },
    descending: { first: selectPage("descending", "first"), next: selectPage("descending", "next") }
  }
  const selectCount = database.prepare(
    `select count(*) as n from index_entries e
     join documents d on d.workspace = e.workspace and d.collection = e.collection and d.id = e.id
     where e.workspace = ? and e.collection = ? and e.index_name = ? and e.equals = ? and coalesce(d.expires_at, ${far}) > ?`
  )
  const selectBySubject = database.prepare(
    `select ${columns} from document_subjects s
     join documents d on d.workspace = s.workspace and d.collection = s.collection and d.id = s.id
     where s.workspace = ? and s.subject = ? and coalesce(d.expires_at, ${far}) > ? order by d.collection, d.id`
  )
  const mustHave = (collection: string, index: string, equals: ReadonlyArray<unknown>) => {
    const definition = collections.get(collection)?.indexes.find((each) => each.name === index)
    return definition?.equals.length === equals.length
      ? Effect.succeed(definition)
      : Effect.die(new Error(`no index ${collection}/${index} over ${equals.length} fields`))
  }
  const write = writer(database, collections)
  const grouped = groupCommit("DocumentStore", database, state)
  const secret = cursorKey(database)

  return {
    get: (workspace, collection, id) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        attempt("get", () => {
          const row = selectOne.get(workspace, collection, id, now) as Row | undefined
          return row ? documentOf(row) : undefined
        })
      ),
    getMany: (workspace, collection, ids) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (ids.length > getManyMax) return Effect.die(new Error(`${getManyMax} documents at a time`))
        return attempt("getMany", () => {
          const rows = selectMany.all(workspace, collection, JSON.stringify(ids), now) as ReadonlyArray<Row>
          return new Map(rows.map(documentOf).map((each) => [each.id, each]))
        })
      }),
    list: ({ collection, cursor, equals, index, limit, range = {}, workspace }) =>
      Effect.gen(function* () {
        const definition = yield* mustHave(collection, index, equals)
        const bounds = sortBounds(range)
        const list = [workspace, collection, index, equalsText(equals), ...bounds]
        const from = cursor === undefined ? undefined : decodeCursor(secret, list, cursor)
        if (cursor !== undefined && from === undefined) return yield* new InvalidCursor({})
        const now = yield* Clock.currentTimeMillis
        const count = Math.max(1, Math.min(limit, listLimitMax))
        const given = from === undefined ? [] : [from.sort, from.id]
        const page = pages[definition.direction][from === undefined ? "first" : "next"]
        const rows = yield* attempt("list", () =>
          page.all(workspace, collection, index, equalsText(equals), ...bounds, ...given, now, count + 1)
        )
        const items = (rows as ReadonlyArray<Row>).slice(0, count)
        const last = items.at(-1)
        const next = rows.length > count && last ? encodeCursor(secret, list, last.sort ?? "", last.id) : undefined
        return { items: items.map(documentOf), next }
      }),
    count: Effect.fnUntraced(function* ({ collection, equals, index, workspace }) {
      yield* mustHave(collection, index, equals)
      const now = yield* Clock.currentTimeMillis
      return yield* attempt("count", () => {
        const row = selectCount.get(workspace, collection, index, equalsText(equals), now) as { readonly n: number }
        return Number(row.n)
      })
    }),
    commit: Effect.fnUntraced(function* (workspace, commit) {
      const tooMany = overLimit(commit)
      if (tooMany !== undefined) return yield* tooMany
      const writes = expand(commit)
      const stranger = writes.find((each) => !collections.has(each.collection))
      if (stranger !== undefined) return yield* Effect.die(new Error(`no collection ${stranger.collection}`))
      const now = yield* Clock.currentTimeMillis
      const revisions = yield* grouped({
        operation: "commit",
        body: () => writes.map((each) => write(workspace, each, now)),
        isRefusal: (cause) => cause instanceof StaleRevision || cause instanceof DuplicateKey
      })
      return revisions.slice(0, commit.writes.length)
    }),
    listBySubject: (workspace, subject) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        attempt("listBySubject", () =>
          (selectBySubject.all(workspace, subject, now) as ReadonlyArray<Row>).map(documentOf)
        )
      )
  }
}

const documentOf = (row: Row): StoredDocument => ({
  collection: row.collection,
  id: row.id,
  revision: Number(row.revision),
  schema_version: Number(row.schema_version),
  subjects: JSON.parse(row.subjects) as ReadonlyArray<string>,
  ...(row.expires_at === null ? {} : { expires_at: Number(row.expires_at) }),
  data: JSON.parse(row.data)
})

/** The whole commit as document writes, the caller's own first. */
const expand = (commit: Commit): ReadonlyArray<DocumentWrite> => {
  const put = (collection: string, id: string, data: unknown, rest: Partial<StoredDocument> = {}): DocumentWrite => ({
    kind: "put",
    collection,
    id,
    expected: 0,
    schema_version: 1,
    subjects: rest.subjects ?? [],
    ...(rest.expires_at === undefined ? {} : { expires_at: rest.expires_at }),
    data
  })
  const { audit = [], idempotency, outbox = [], writes } = commit
  return [
    ...writes,
    ...audit.map((each) => put("audit", each.id, each.data, { subjects: each.subjects })),
    ...outbox.map((each) => put("outbox", each.id, each.data)),
    ...(idempotency === undefined
      ? []
      : [put("idempotency", idempotency.id, idempotency.data, { expires_at: idempotency.expires_at })])
  ]
}

const overLimit = ({ audit = [], outbox = [], writes }: Commit): PortFailure | undefined => {
  const most = Math.max(writes.length, audit.length, outbox.length)
  if (most <= commitWritesMax) return undefined
  return new PortFailure({
    port: "DocumentStore",
    operation: "commit",
    reason: "overloaded",
    detail: `${most} writes in one commit, ${commitWritesMax} at the most`
  })
}

const writer = (database: Database, collections: ReadonlyMap<string, Collection>) => {
  const current = database.prepare(
    "select revision, expires_at from documents where workspace = ? and collection = ? and id = ?"
  )
  const upsert = database.prepare(
    `insert into documents (workspace, collection, id, revision, schema_version, expires_at, subjects, data) values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (workspace, collection, id) do update set revision = excluded.revision, schema_version = excluded.schema_version,
       expires_at = excluded.expires_at, subjects = excluded.subjects, data = excluded.data`
  )
  const remove = remover(database)
  const derived = deriver(database)

  return (workspace: string, write: DocumentWrite, now: number): number => {
    const { collection, expected, id } = write
    const found = current.get(workspace, collection, id) as Pick<Row, "revision" | "expires_at"> | undefined
    const live = found && Number(found.expires_at ?? far) > now ? Number(found.revision) : 0
    if (expected !== "any" && expected !== live) throw new StaleRevision({ collection, id, actual: live })
    if (write.kind === "delete" && live === 0 && expected === "any") return 0
    if (found) remove(workspace, collection, id)
    if (write.kind === "delete") return 0
    const revision = live + 1
    upsert.run(
      workspace,
      collection,
      id,
      revision,
      write.schema_version,
      write.expires_at ?? null,
      JSON.stringify(write.subjects),
      JSON.stringify(write.data)
    )
    derived(collections.get(collection)!, workspace, id, write, now)
    return revision
  }
}

const remover = (database: Database) => {
  const statements = ["documents", "index_entries", "unique_keys", "document_subjects"].map((table) =>
    database.prepare(`delete from ${table} where workspace = ? and collection = ? and id = ?`)
  )
  return (workspace: string, collection: string, id: string): void => {
    for (const statement of statements) statement.run(workspace, collection, id)
  }
}

/** Writes what is derived from a document: index entries, unique keys, subjects. */
const deriver = (database: Database) => {
  const addEntry = database.prepare("insert into index_entries values (?, ?, ?, ?, ?, ?)")
  const addUnique = database.prepare("insert into unique_keys values (?, ?, ?, ?, ?)")
  const holder = database.prepare(
    `select d.id, d.expires_at from unique_keys u
     join documents d on d.workspace = u.workspace and d.collection = u.collection and d.id = u.id
     where u.workspace = ? and u.collection = ? and u.field = ? and u.value = ?`
  )
  const addSubject = database.prepare("insert or ignore into document_subjects values (?, ?, ?, ?)")
  const remove = remover(database)

  return (
    collection: Collection,
    workspace: string,
    id: string,
    document: { readonly data: unknown; readonly subjects: ReadonlyArray<string> },
    now: number
  ): void => {
    for (const index of collection.indexes) {
      const { equals, sort } = entryOf(index, document.data)
      addEntry.run(workspace, collection.name, index.name, equals, sort, id)
    }
    for (const field of collection.unique) {
      const value = valueAt(document.data, field)
      if (value === undefined || value === null) continue
      const key = JSON.stringify(value)
      const other = holder.get(workspace, collection.name, field, key) as Pick<Row, "id" | "expires_at"> | undefined
      if (other && Number(other.expires_at ?? far) > now) throw new DuplicateKey({ collection: collection.name, field })
      if (other) remove(workspace, collection.name, other.id)
      addUnique.run(workspace, collection.name, field, key, id)
    }
    for (const subject of document.subjects) addSubject.run(workspace, subject, collection.name, id)
  }
}

const removeExpired = (database: Database, now: number): number => {
  const remove = remover(database)
  const expired = database
    .prepare("select workspace, collection, id from documents where expires_at <= ? limit ?")
    .all(now, sweepDocumentsMax) as ReadonlyArray<{ workspace: string; collection: string; id: string }>
  if (expired.length === 0) return 0
  briefTransaction(database, () => {
    for (const { collection, id, workspace } of expired) remove(workspace, collection, id)
  })
  return expired.length
}

const reindexPage = 500

/** Builds index entries and unique keys anew for every collection whose declaration changed since the last start. */
const reindex = (database: Database, collections: ReadonlyArray<Collection>): void => {
  const known = database.prepare("select definition from collection_definitions where collection = ?")
  for (const collection of collections) {
    const definition = definitionHash(collection)
    const stored = known.get(collection.name) as { definition: string } | undefined
    if (stored?.definition === definition) continue
    try {
      transaction(database, () => rebuild(database, collection, definition))
    } catch (cause) {
      if (!(cause instanceof DuplicateKey)) throw cause
      const detail = `documents of ${collection.name} share a value of the unique field ${cause.field}`
      throw new PortFailure({ port: "DocumentStore", operation: "open", reason: "corrupt", detail, cause })
    }
  }
}

const rebuild = (database: Database, collection: Collection, definition: string): void => {
  const derived = deriver(database)
  const page = database.prepare(
    `select workspace, id, data, subjects from documents
     where collection = ? and (workspace, id) > (?, ?) order by workspace, id limit ${reindexPage}`
  )
  for (const table of ["index_entries", "unique_keys"]) {
    database.prepare(`delete from ${table} where collection = ?`).run(collection.name)
  }
  let rows: ReadonlyArray<Row & { workspace: string }>
  let from: readonly [string, string] = ["", ""]
  do {
    rows = page.all(collection.name, ...from) as typeof rows
    for (const { data, id, subjects, workspace } of rows) {
      const document = { data: JSON.parse(data) as unknown, subjects: JSON.parse(subjects) as ReadonlyArray<string> }
      derived(collection, workspace, id, document, 0)
      from = [workspace, id]
    }
  } while (rows.length === reindexPage)
  database.prepare("insert or replace into collection_definitions values (?, ?)").run(collection.name, definition)
}
