import { createHash } from "node:crypto"
import { Effect, Layer, Semaphore } from "effect"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { EventLake, removedEventTypesMax, removedSubjectsMax, sqlBytesMax } from "../../ports/analytics/EventLake.ts"
import type { LakeSelection, SqlQuestion } from "../../ports/analytics/EventLake.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import type { Catalog } from "./lake/Catalog.ts"
import * as LakeCatalog from "./lake/LakeCatalog.ts"
import { lakeFailure } from "./lake/failures.ts"
import type { DayOfWorkspace } from "./lake/jobs.ts"
import { eventsOf, isSelected } from "./lake/lakeText.ts"
import type { LakeFile } from "./lake/LakeFolder.ts"
import { runJob, runWriting } from "./lake/Processes.ts"
import { viewNames, viewsOf } from "./lake/viewText.ts"
import { Staged } from "./lake/Staged.ts"

/** Bytes of lines that one writing takes. */
export const writtenBytesMax = 64 * 1024 * 1024
/** So many files of a day in a row become one. */
export const filesMergedAtUsual = 8
/** A file with so many events is not written again for the sake of others. */
const mergedEventsMax = 1_000_000
const writeMillisMax = 300_000
/** SELECTs that run at once, and those that wait for a place; over it one fails as overloaded. */
export const selectsAtOnceMax = 2
export const selectsWaitingMax = 8
export const selectMillisMaxUsual = 20_000
const removeMillisMax = 3_600_000

export interface EventLakeOptions {
  /** Made where it is missing. */
  readonly folder: string
  readonly filesMergedAt?: number
  /** Time that one SELECT has. */
  readonly selectMillisMax?: number
}

/** Parquet files by workspace and day, written and read by processes of their own. */
export const layer = (options: EventLakeOptions): Layer.Layer<EventLake | LakeCatalog.LakeCatalog, PortFailure> =>
  Layer.provideMerge(lakeLayer(options), LakeCatalog.layer(options.folder))

const lakeLayer = (options: EventLakeOptions) =>
  Layer.effect(
    EventLake,
    Effect.gen(function* () {
      const catalog = yield* LakeCatalog.LakeCatalog
      const staged = new Staged(join(options.folder, "scratch"))
      yield* Effect.addFinalizer(() => Effect.promise(() => staged.discard().catch(() => undefined)))
      const writing = yield* Semaphore.make(1)
      const writer = makeWriter(catalog, staged, options.filesMergedAt ?? filesMergedAtUsual)
      const alone = writing.withPermits(1)
      const inRoom = yield* makeRooms
      const goOn = Effect.forEach(catalog.workspacesRemoving(), (workspace) => writer.removePending(workspace))
      yield* Effect.forkScoped(Effect.ignore(alone(goOn)))
      return EventLake.of({
        position: (partition) => Effect.sync(() => catalog.shown.positions[partition]),
        write: (batch) => alone(writer.write(batch)),
        flush: alone(writer.flush),
        state: (workspace) => Effect.sync(() => stateOf(catalog, workspace)),
        days: (workspace) => attempt("days", () => catalog.describe(workspace)),
        count: (workspace, selection) =>
          Effect.andThen(
            refuseLarge(selection),
            alone(Effect.andThen(writer.flush, writer.count(workspace, selection)))
          ),
        remove: (workspace, selection) =>
          Effect.andThen(
            refuseLarge(selection),
            alone(Effect.andThen(writer.flush, writer.remove(workspace, selection)))
          ),
        select: (question) => inRoom(selectIn(catalog, question, options.selectMillisMax ?? selectMillisMaxUsual))
      })
    })
  )

const attempt = <A>(operation: string, work: () => Promise<A>): Effect.Effect<A, PortFailure> =>
  Effect.tryPromise({ try: work, catch: (cause) => lakeFailure(operation, cause) })

/** Characters of six bits each. */
const watermarkLength = 22

/** `seen`: whatever else decides what a statement sees of the files. */
const stateOf = ({ shown: progress }: Catalog, workspace: string, seen: ReadonlyArray<unknown> = []) => ({
  completeToMicros: progress.receivedMicros,
  // Tells one state from another and nothing else: no question can be asked at it again.
  watermark: createHash("sha256")
    .update(JSON.stringify([workspace, progress.positions, progress.removals, ...seen]))
    .digest("base64url")
    .slice(0, watermarkLength)
})

const refuseLarge = (selection: LakeSelection): Effect.Effect<void, PortFailure> => {
  const holds = selection.kind === "subjects" ? [] : (selection.holds ?? [])
  const ids =
    selection.kind === "subjects"
      ? selection.userIds.length + selection.anonymousIds.length
      : holds.reduce((sum, held) => sum + (held.ids?.length ?? 0), 0)
  const types =
    selection.kind === "subjects"
      ? 0
      : Math.max(
          selection.eventTypes?.length ?? 0,
          selection.exceptEventTypes?.length ?? 0,
          ...holds.map((held) => held.eventTypes?.length ?? 0)
        )
  if (ids <= removedSubjectsMax && types <= removedEventTypesMax) return Effect.void
  return Effect.fail(
    new PortFailure({
      port: "EventLake",
      operation: "remove",
      reason: "overloaded",
      detail: `${ids} ids and ${types} event types in one selection, ${removedSubjectsMax} and ${removedEventTypesMax} at the most`
    })
  )
}

const makeRooms = Effect.gen(function* () {
  const places = yield* Semaphore.make(selectsAtOnceMax)
  let held = 0
  return <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | PortFailure> =>
    Effect.suspend((): Effect.Effect<A, E | PortFailure> => {
      if (held >= selectsAtOnceMax + selectsWaitingMax) return Effect.fail(crowded)
      held += 1
      return Effect.ensuring(
        places.withPermits(1)(work),
        Effect.sync(() => void (held -= 1))
      )
    })
})

const crowded = new PortFailure({
  port: "EventLake",
  operation: "select",
  reason: "overloaded",
  detail: `${selectsWaitingMax} statements wait already`
})

const selectIn = (catalog: Catalog, question: SqlQuestion, millisMax: number) =>
  Effect.acquireUseRelease(
    Effect.sync(() => catalog.read(question.workspace)),
    ({ files, removing }) => {
      const paths = files.map(({ path }) => path)
      const { merges, personalColumns, restricted = [], rowsMax, sql, workspace } = question
      const hidden = [...removing, { kind: "subjects" as const, userIds: restricted, anonymousIds: restricted }]
      const views = viewsOf({ workspace, paths, removing: hidden, personalColumns }, merges)
      const input = { paths, views, viewNames, sql, rowsMax, bytesMax: sqlBytesMax }
      const isPlain = merges.length === 0 && restricted.length === 0
      const state = stateOf(catalog, workspace, isPlain ? [] : [merges, restricted])
      return Effect.map(runJob("select", input, millisMax), (rows) => ({ ...rows, state }))
    },
    ({ release }) => Effect.sync(release)
  )

/** What changes the lake; one of these runs at a time. */
const makeWriter = (catalog: Catalog, staged: Staged, filesMergedAt: number) => {
  const { root } = catalog

  const flush = Effect.gen(function* () {
    const handed = yield* attempt("flush", () => staged.hand())
    if (handed === undefined) return
    const sequence = catalog.progress.sequence + 1
    const { days } = yield* runWriting("write", { root, scratch: handed.scratch, sequence }, writeMillisMax).pipe(
      Effect.ensuring(Effect.promise(() => rm(handed.scratch, { force: true })))
    )
    yield* attempt("flush", async () => {
      const { positions, receivedMicros, removals } = catalog.progress
      const progress = {
        sequence,
        positions: { ...positions, ...handed.positions },
        receivedMicros: Math.max(receivedMicros, handed.receivedMicros),
        removals
      }
      await catalog.save(progress, days)
    })
    for (const day of days) yield* merge(day)
  })

  /** A day in many files is no failure of what was written. */
  const merge = (at: DayOfWorkspace) =>
    Effect.ignore(
      Effect.gen(function* () {
        const run = smallFiles(catalog.day(at))
        if (run.length < filesMergedAt) return
        const into = { ...at, first: run[0]!.first, last: run.at(-1)!.last, revision: 0 }
        yield* runWriting("merge", { root, rows: eventsOf(run.map(({ path }) => path)), into }, writeMillisMax)
        yield* attempt("merge", () => catalog.refresh(at))
      })
    )

  const placed = (files: ReadonlyArray<LakeFile>, selection: LakeSelection) =>
    files
      .filter(({ events, oldest }) => events > 0 && (selection.kind !== "older" || oldest < selection.beforeMillis))
      .map(({ path, ...file }) => ({ rows: eventsOf([path]), into: { ...file, revision: file.revision + 1 } }))

  const run = (workspace: string, selection: LakeSelection, counts: "only" | "and_removes") => {
    const files = placed(catalog.files(workspace), selection)
    return files.length === 0
      ? Effect.succeed({ events: 0 })
      : runWriting("remove", { root, files, selected: isSelected(selection), counts }, removeMillisMax)
  }

  const removeOne = Effect.fnUntraced(function* (workspace: string, selection: LakeSelection) {
    const { events } = yield* run(workspace, selection, "and_removes")
    yield* attempt("remove", async () => {
      for (const day of new Set(catalog.files(workspace).map((file) => file.day))) {
        await catalog.refresh({ workspace, day })
      }
      await catalog.retired
    })
    return { events }
  })

  /** What was begun and not ended, by a crash or a failure. */
  const removePending = Effect.fnUntraced(function* (workspace: string) {
    for (const selection of catalog.removing(workspace)) {
      yield* removeOne(workspace, selection)
      yield* attempt("remove", () => catalog.setRemoving(workspace, catalog.removing(workspace).slice(1)))
    }
  })

  return {
    write: Effect.fnUntraced(function* (batch: Parameters<EventLake["Service"]["write"]>[0]) {
      yield* attempt("write", () => staged.add(batch, catalog.progress.positions[batch.partition]))
      if (staged.bytes >= writtenBytesMax) yield* flush
    }),
    flush,
    count: (workspace: string, selection: LakeSelection) =>
      Effect.map(run(workspace, selection, "only"), ({ events }) => events),
    remove: Effect.fnUntraced(function* (workspace: string, selection: LakeSelection) {
      yield* removePending(workspace)
      yield* attempt("remove", async () => {
        await catalog.setRemoving(workspace, [selection])
        await catalog.save({ ...catalog.progress, removals: catalog.progress.removals + 1 })
      })
      const removed = yield* removeOne(workspace, selection)
      yield* attempt("remove", () => catalog.setRemoving(workspace, []))
      return removed
    }),
    removePending
  }
}

/** The longest run of files at the day's end that are worth to be one. */
const smallFiles = (files: ReadonlyArray<LakeFile>): ReadonlyArray<LakeFile> => {
  const large = files.findLastIndex(({ events }) => events >= mergedEventsMax)
  return files.slice(large + 1)
}
