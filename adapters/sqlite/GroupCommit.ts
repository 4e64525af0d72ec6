import { Deferred, Effect, Exit } from "effect"
import type { Scope } from "effect"
import { PortFailure } from "../../ports/PortFailure.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { LastWrite, PartStates } from "../../ports/platform/PartStates.ts"
import { briefTransaction, busyTimeoutMillis, isBusy, sqliteFailure } from "./Database.ts"
import type { Database } from "./Database.ts"
import type { LogSync } from "./LogSync.ts"

/** Writes that wait for their transaction; more are refused as overloaded. */
export const waitingWritesMax = 10_000

/** A transaction takes no further write after this time, so that the event loop is never held for long. */
const sliceMillisMax = 8

/**
 * Writes of one group from which on the next one waits for `gatherMillis`, where the fsync is made beside the event loop:
 * a group costs the processor as much as several writes.
 */
const crowd = 3
const gatherMillis = 2

/** A file that another process holds is asked for again after this time, until `busyTimeoutMillis` are over. */
const busyPauseMillis = 30

/** "BROX" in ASCII, https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x42524f58

interface Waiting {
  /** Throws only where the whole transaction is lost. */
  readonly run: () => void
  readonly settle: () => void
  readonly fail: (cause: unknown) => void
}

interface GroupedWrite<A, E> {
  readonly operation: string
  readonly body: () => A
  /** What `body` throws to refuse: it undoes this write alone. */
  readonly isRefusal?: (cause: unknown) => cause is E
  /** Runs as soon as the answer is durable, before any other write. */
  readonly after?: (answer: A) => void
}

export type GroupCommit = <A, E = never>(write: GroupedWrite<A, E>) => Effect.Effect<A, E | PortFailure>

/** What the writes of a file do at the moment. */
export class WriteState {
  readonly lastWrite = new LastWrite()
  waiting = 0

  /** Shows it to health and metrics for as long as the scope lasts. */
  watch(part: string): Effect.Effect<void, never, Scope.Scope> {
    const gauge = {
      name: "marketing_document_writes_waiting",
      description: "Writes that wait for their transaction",
      labels: { part },
      read: Effect.sync(() => this.waiting)
    }
    return Effect.gen({ self: this }, function* () {
      yield* (yield* PartStates).watch(part, this.lastWrite.read)
      yield* (yield* Gauges).observe(gauge)
    })
  }
}

/**
 * One transaction, hence one fsync, for all writes that arrive in the same turn of the event loop. Each write stands
 * in a savepoint of its own: one that is refused leaves the others alone. With `sync` the fsync is made beside the event
 * loop, and what arrives meanwhile is the next transaction: for stores whose writes nobody reads before their answer.
 */
export const groupCommit = (
  port: string,
  database: Database,
  state = new WriteState(),
  sync?: LogSync
): GroupCommit => {
  let waiting: Array<Waiting> = []
  let failing = false
  let syncing = false
  let crowded = false
  /** Since when another process has held the file, in ms of the process's clock. */
  let busySince: number | undefined
  const begin = database.prepare("SAVEPOINT one_write")
  const release = database.prepare("RELEASE one_write")

  /** Runs what waits as one transaction; answers the writes that it took, and why they are lost where they are. */
  const commit = () => {
    const startedAt = performance.now()
    let taken = 0
    let lost: { readonly cause: unknown } | undefined
    try {
      if (sync !== undefined) database.exec("PRAGMA synchronous = NORMAL")
      try {
        briefTransaction(database, () => {
          // So that a group which changes nothing finds out as well whether there is room again.
          if (failing) database.exec(`PRAGMA application_id = ${applicationId}`)
          while (taken < waiting.length && (taken === 0 || performance.now() - startedAt < sliceMillisMax)) {
            waiting[taken++]!.run()
          }
        })
      } finally {
        if (sync !== undefined) database.exec("PRAGMA synchronous = FULL")
      }
    } catch (cause) {
      lost = { cause }
    }
    if (lost === undefined || !isBusy(lost.cause)) busySince = undefined
    else if (performance.now() - (busySince ??= startedAt) < busyTimeoutMillis && taken === 0)
      return { group: [], lost }
    const group = waiting.slice(0, taken === 0 ? waiting.length : taken)
    waiting = waiting.slice(group.length)
    state.waiting = waiting.length
    return { group, lost }
  }

  const settle = (group: ReadonlyArray<Waiting>, lost: { readonly cause: unknown } | undefined) => {
    failing = lost !== undefined
    state.lastWrite.note(lost === undefined ? undefined : sqliteFailure(port, "commit", lost.cause), Date.now())
    for (const each of group) {
      if (lost === undefined) each.settle()
      else each.fail(lost.cause)
    }
    crowded = sync !== undefined && group.length >= crowd
    if (waiting.length > 0) flushSoon()
  }

  const flushSoon = () => {
    if (crowded) setTimeout(flush, gatherMillis)
    else setImmediate(flush)
  }

  const flush = () => {
    if (syncing || waiting.length === 0) return
    const { group, lost } = commit()
    if (group.length === 0) return void setTimeout(flush, busyPauseMillis)
    if (sync === undefined || lost !== undefined) return settle(group, lost)
    syncing = true
    sync((cause) => {
      syncing = false
      settle(group, cause === undefined ? undefined : { cause })
    })
  }

  return <A, E = never>({ after, body, isRefusal, operation }: GroupedWrite<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | PortFailure> => {
      if (waiting.length >= waitingWritesMax) {
        const detail = `${waitingWritesMax} writes are waiting`
        return Effect.fail(new PortFailure({ port, operation, reason: "overloaded", detail }))
      }
      const answer = Deferred.makeUnsafe<A, E | PortFailure>()
      const failureOf = (cause: unknown): E | PortFailure =>
        cause instanceof PortFailure || isRefusal?.(cause) === true ? cause : sqliteFailure(port, operation, cause)
      let exit: Exit.Exit<A, E | PortFailure> | undefined
      const run = () => {
        begin.run()
        try {
          exit = Exit.succeed(body())
        } catch (cause) {
          undo(database, cause)
          exit = Exit.fail(failureOf(cause))
        }
        release.run()
      }
      const settle = () => {
        if (exit !== undefined && Exit.isSuccess(exit)) after?.(exit.value)
        Deferred.doneUnsafe(answer, exit!)
      }
      const fail = (cause: unknown) => Deferred.doneUnsafe(answer, Effect.fail(failureOf(cause)))
      state.waiting = waiting.push({ run, settle, fail })
      if (state.waiting === 1) flushSoon()
      return Deferred.await(answer)
    })
}

/** A full disk takes the whole transaction with it, the savepoint too: then nothing of the group was stored. */
const undo = (database: Database, cause: unknown): void => {
  try {
    database.exec("ROLLBACK TO one_write")
  } catch {
    throw cause
  }
}
