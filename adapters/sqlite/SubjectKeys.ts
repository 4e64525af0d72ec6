import { Clock, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { PortFailure } from "../../ports/PortFailure.ts"
import { RootKeys } from "../../ports/privacy/RootKeys.ts"
import { nonceBytes, seal, unseal } from "../../ports/privacy/sealing.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { openLogSync } from "./LogSync.ts"
import type { LogSync } from "./LogSync.ts"
import { open, sqliteFailure, transaction, truncateLog } from "./Database.ts"
import type { Database } from "./Database.ts"
import { groupCommit, WriteState } from "./GroupCommit.ts"
import { makeDrawRandom } from "./drawRandom.ts"
import { digestOf, ErasedSubjects } from "./Tombstones.ts"

/** Clear keys held in memory, in two generations: when the young one is full, the old one is forgotten whole. */
export const cachedKeysMax = 100_000
const keyBytes = 32
/** Together 60 s: longer than a backup reads this file. */
const truncateTriesMax = 1200
const truncatePauseMillis = 50
/** Read at a start before the event loop has its turn. */
const tombstonesPerSlice = 5000

/** `erased_subjects` are of files from before: ids that become digests when the file is opened. */
const schema = `
create table if not exists workspace_keys (workspace text not null, purpose text not null, wrapped text not null, primary key (workspace, purpose));
create table if not exists subject_keys (workspace text not null, subject text not null, wrapped blob not null, primary key (workspace, subject)) without rowid;
create table if not exists tombstones (workspace text not null, digest blob not null, erased_at integer not null, primary key (workspace, digest)) without rowid;
create table if not exists erased_subjects (workspace text not null, subject text not null, erased_at integer not null, primary key (workspace, subject)) without rowid;
`

interface Request {
  readonly workspace: WorkspaceId
  readonly wrapping: Uint8Array
  readonly subjects: ReadonlyArray<string>
}
interface Answer {
  readonly keys: ReadonlyMap<string, Uint8Array>
  readonly erased: ReadonlySet<string>
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, PortFailure> =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof PortFailure ? cause : sqliteFailure("SubjectKeys", operation, cause))
  })

const contextOf = (workspace: string, subject: string): string => `subject-key|${workspace}|${subject}`

/** Subjects' keys in a SQLite file of their own, wrapped under the workspace's key; freed pages are overwritten. */
export const layer = (options: { readonly file: string }): Layer.Layer<SubjectKeys, PortFailure, RootKeys> =>
  Layer.effect(
    SubjectKeys,
    Effect.gen(function* () {
      const roots = yield* RootKeys
      const database = yield* open("SubjectKeys", options.file, schema)
      const state = new WriteState()
      yield* state.watch("subject_keys")
      const workspaceKey = workspaceKeys(database, roots)
      const tombstones = new ErasedSubjects()
      yield* moveClearIds(database, workspaceKey)
      yield* loadTombstones(database, workspaceKey, tombstones)
      const sync = yield* openLogSync(options.file)
      return SubjectKeys.of(operations({ database, roots, state, sync, tombstones, workspaceKey }))
    })
  )

type WorkspaceKeyOf = (workspace: WorkspaceId, purpose: string) => Effect.Effect<Uint8Array, PortFailure>

/** Made and kept wrapped at the first call, in memory ever after. */
const workspaceKeys = (database: Database, roots: RootKeys["Service"]): WorkspaceKeyOf => {
  const known = new Map<string, Uint8Array>()
  const table = tables(database)
  return Effect.fnUntraced(function* (workspace, purpose) {
    const id = `${workspace}|${purpose}`
    const held = known.get(id)
    if (held !== undefined) return held
    const fresh = yield* roots.wrap(workspace, randomBytes(keyBytes))
    const wrapped = yield* attempt("workspaceKey", () => table.workspaceKey(workspace, purpose, fresh))
    const key = yield* roots.unwrap(workspace, wrapped)
    known.set(id, key)
    return key
  })
}

/** Puts digests in the place of the ids that earlier versions kept. */
const moveClearIds = Effect.fnUntraced(function* (database: Database, workspaceKey: WorkspaceKeyOf) {
  const rows = yield* attempt(
    "open",
    () =>
      database.prepare("select workspace, subject, erased_at from erased_subjects").all() as unknown as ReadonlyArray<{
        readonly workspace: WorkspaceId
        readonly subject: string
        readonly erased_at: number
      }>
  )
  if (rows.length === 0) return
  const digests: Array<readonly [WorkspaceId, Uint8Array, number]> = []
  for (const { erased_at, subject, workspace } of rows)
    digests.push([workspace, digestOf(yield* workspaceKey(workspace, "tombstone"), subject), erased_at])
  yield* attempt("open", () => {
    const table = tables(database)
    transaction(database, () => {
      for (const [workspace, digest, erasedAt] of digests) table.addTombstone(workspace, digest, erasedAt)
      database.exec("delete from erased_subjects")
    })
  })
  yield* emptyLog(database, truncateTriesMax)
})

const loadTombstones = Effect.fnUntraced(function* (
  database: Database,
  workspaceKey: WorkspaceKeyOf,
  tombstones: ErasedSubjects
) {
  const after = database.prepare(
    `select workspace, digest from tombstones where (workspace, digest) > (?, ?)
     order by workspace, digest limit ${tombstonesPerSlice}`
  )
  type Row = { readonly workspace: WorkspaceId; readonly digest: Uint8Array }
  let last = { workspace: "", digest: new Uint8Array() }
  for (;;) {
    const rows = yield* attempt("open", () => after.all(last.workspace, last.digest) as unknown as ReadonlyArray<Row>)
    for (const [workspace, some] of Map.groupBy(rows, (row) => row.workspace)) {
      const key = yield* workspaceKey(workspace, "tombstone")
      tombstones.add(
        workspace,
        key,
        some.map(({ digest }) => digest)
      )
    }
    if (rows.length < tombstonesPerSlice) return
    last = rows.at(-1)! as { workspace: string; digest: Uint8Array<ArrayBuffer> }
    yield* Effect.yieldNow
  }
})

interface Parts {
  readonly database: Database
  readonly roots: RootKeys["Service"]
  readonly state: WriteState
  readonly sync: LogSync
  readonly tombstones: ErasedSubjects
  readonly workspaceKey: WorkspaceKeyOf
}

const operations = (parts: Parts): SubjectKeys["Service"] => {
  const { database, roots, state, sync, tombstones, workspaceKey } = parts
  let young = new Map<string, Uint8Array>()
  let old = new Map<string, Uint8Array>()
  const table = tables(database)
  const draw = makeDrawRandom()
  const grouped = groupCommit("SubjectKeys", database, state, sync)
  /** Counts the calls of `destroy`. */
  let destructions = 0

  const remember = (id: string, key: Uint8Array) => {
    if (young.size >= cachedKeysMax / 2) {
      old = young
      young = new Map()
    }
    young.set(id, key)
  }
  const recall = (id: string): Uint8Array | undefined => {
    const current = young.get(id)
    if (current !== undefined) return current
    const earlier = old.get(id)
    if (earlier !== undefined) remember(id, earlier)
    return earlier
  }
  const forget = (id: string) => {
    young.delete(id)
    old.delete(id)
  }

  const unwrap = (workspace: string, subject: string, wrapping: Uint8Array, wrapped: Uint8Array): Uint8Array => {
    const key = unseal(wrapping, contextOf(workspace, subject), wrapped)
    if (key === undefined) {
      throw new PortFailure({
        port: "SubjectKeys",
        operation: "get",
        reason: "corrupt",
        detail: "a subject's key does not open"
      })
    }
    return new Uint8Array(key)
  }

  const answerOne = (request: Request): Answer => {
    const keys = new Map<string, Uint8Array>()
    const erased = new Set<string>()
    for (const subject of request.subjects) {
      const id = `${request.workspace}|${subject}`
      const known = recall(id)
      if (known !== undefined) {
        keys.set(subject, known)
        continue
      }
      if (tombstones.has(request.workspace, subject)) {
        erased.add(subject)
        continue
      }
      const wrapped = table.subjectKey(request.workspace, subject)
      const key = wrapped ? unwrap(request.workspace, subject, request.wrapping, wrapped) : draw(keyBytes)
      if (!wrapped) {
        const sealed = seal(request.wrapping, draw(nonceBytes), contextOf(request.workspace, subject), key)
        table.addSubjectKey(request.workspace, subject, sealed)
      }
      keys.set(subject, key)
    }
    return { keys, erased }
  }

  return {
    getOrCreate: Effect.fnUntraced(function* (workspace, subjects) {
      const keys = new Map<string, Uint8Array>()
      for (const subject of subjects) {
        const key = recall(`${workspace}|${subject}`)
        if (key !== undefined) keys.set(subject, key)
      }
      if (subjects.length > 0 && subjects.every((subject) => keys.has(subject)))
        return { keys, erased: new Set<string>() }
      const wrapping = yield* workspaceKey(workspace, "wrapping")
      let destructionsBefore = destructions
      return yield* grouped({
        operation: "getOrCreate",
        body: () => {
          destructionsBefore = destructions
          return answerOne({ workspace, wrapping, subjects })
        },
        after: (answer) => {
          // Or a destroy that came between would be undone in memory.
          if (destructions !== destructionsBefore) return
          for (const [subject, key] of answer.keys) remember(`${workspace}|${subject}`, key)
        }
      })
    }),
    get: Effect.fnUntraced(function* (workspace, subjects) {
      const wrapping = yield* workspaceKey(workspace, "wrapping")
      return yield* attempt("get", () => {
        const found = subjects.flatMap((subject): ReadonlyArray<readonly [string, Uint8Array]> => {
          const known = recall(`${workspace}|${subject}`)
          if (known !== undefined) return [[subject, known]]
          const wrapped = table.subjectKey(workspace, subject)
          if (wrapped === undefined) return []
          const key = unwrap(workspace, subject, wrapping, wrapped)
          remember(`${workspace}|${subject}`, key)
          return [[subject, key]]
        })
        return new Map(found)
      })
    }),
    destroy: Effect.fnUntraced(function* (workspace, subjects) {
      const now = yield* Clock.currentTimeMillis
      const key = yield* workspaceKey(workspace, "tombstone")
      const digests = subjects.map((subject) => digestOf(key, subject))
      yield* attempt("destroy", () => {
        destructions += 1
        for (const subject of subjects) forget(`${workspace}|${subject}`)
        transaction(database, () => {
          for (const subject of subjects) table.deleteSubjectKey(workspace, subject)
          for (const digest of digests) table.addTombstone(workspace, digest, now)
        })
        tombstones.add(workspace, key, digests)
      })
      yield* emptyLog(database, truncateTriesMax)
    }),
    tombstones,
    workspaceKey,
    rotateRoot: Effect.gen(function* () {
      const rows = yield* attempt("rotateRoot", table.workspaceKeys)
      for (const { purpose, workspace, wrapped } of rows) {
        const key = yield* roots.unwrap(workspace, wrapped)
        const again = yield* roots.wrap(workspace, key)
        yield* attempt("rotateRoot", () => table.rewrap(workspace, purpose, again))
      }
      return rows.length
    })
  }
}

/** The overwritten page reaches the file and the old one leaves the write-ahead log, as soon as no reader needs it. */
const emptyLog = (database: Database, tries: number): Effect.Effect<void, PortFailure> =>
  Effect.flatMap(
    attempt("destroy", () => truncateLog(database)),
    (emptied) => {
      if (emptied) return Effect.void
      if (tries > 0) return Effect.andThen(Effect.sleep(truncatePauseMillis), emptyLog(database, tries - 1))
      const detail = "the keys are destroyed, but a reader keeps them in the write-ahead log: try again when it is gone"
      return Effect.fail(new PortFailure({ port: "SubjectKeys", operation: "destroy", reason: "unavailable", detail }))
    }
  )

const tables = (database: Database) => {
  const insertWorkspaceKey = database.prepare("insert or ignore into workspace_keys values (?, ?, ?)")
  const selectWorkspaceKey = database.prepare("select wrapped from workspace_keys where workspace = ? and purpose = ?")
  const selectWorkspaceKeys = database.prepare("select workspace, purpose, wrapped from workspace_keys")
  const updateWorkspaceKey = database.prepare(
    "update workspace_keys set wrapped = ? where workspace = ? and purpose = ?"
  )
  const selectKey = database.prepare("select wrapped from subject_keys where workspace = ? and subject = ?")
  const insertKey = database.prepare("insert into subject_keys values (?, ?, ?)")
  const deleteKey = database.prepare("delete from subject_keys where workspace = ? and subject = ?")
  const insertTombstone = database.prepare("insert or ignore into tombstones values (?, ?, ?)")
  return {
    workspaceKey: (workspace: string, purpose: string, fresh: string): string => {
      insertWorkspaceKey.run(workspace, purpose, fresh)
      return (selectWorkspaceKey.get(workspace, purpose) as { wrapped: string }).wrapped
    },
    workspaceKeys: () =>
      selectWorkspaceKeys.all() as ReadonlyArray<{ workspace: WorkspaceId; purpose: string; wrapped: string }>,
    rewrap: (workspace: string, purpose: string, wrapped: string) =>
      void updateWorkspaceKey.run(wrapped, workspace, purpose),
    subjectKey: (workspace: string, subject: string) =>
      (selectKey.get(workspace, subject) as { wrapped: Uint8Array } | undefined)?.wrapped,
    addSubjectKey: (workspace: string, subject: string, wrapped: Uint8Array) =>
      void insertKey.run(workspace, subject, wrapped),
    deleteSubjectKey: (workspace: string, subject: string) => void deleteKey.run(workspace, subject),
    addTombstone: (workspace: string, digest: Uint8Array, now: number) =>
      void insertTombstone.run(workspace, digest, now)
  }
}
