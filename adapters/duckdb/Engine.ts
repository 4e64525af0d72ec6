import { DuckDBListVector } from "@duckdb/node-api"
import type { DuckDBConnection, DuckDBInstance, DuckDBVector } from "@duckdb/node-api"
import { Effect, FiberSet, Schedule, Semaphore } from "effect"
import type { Scope } from "effect"
import { setImmediate as nextTurn } from "node:timers/promises"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { attach, markDamaged, open, threadsUsual } from "./DatabaseFile.ts"
import type { DatabaseOptions } from "./DatabaseFile.ts"
import { duckdbFailure, needsReopening } from "./failures.ts"
import { make as makeThreads } from "./QuestionThreads.ts"

export interface EngineOptions extends DatabaseOptions {
  /** Longest time that one question may take. */
  readonly queryTimeoutMillis?: number
}

/** Questions that run at once; each occupies threads of libuv. */
export const queriesAtOnceMax = 2
/** Questions that wait for a place; over it a question fails as overloaded. */
export const queriesWaitingMax = 100

const reopenEvery = "1 second"
const interruptEveryMillis = 20

export type Row = Readonly<Record<string, unknown>>

export interface Read {
  (sql: string): Promise<ReadonlyArray<Row>>
  /** Of one row of lists, what stands in each: many times cheaper than as many rows. Held for as long as it is referred to. */
  readonly lists: (sql: string) => Promise<ReadonlyArray<DuckDBVector>>
  /** Rows by their columns, some thousand at a time, in no order of their own; held until `take` has answered. */
  readonly columns: (sql: string, take: (columns: ReadonlyArray<DuckDBVector>, rows: number) => void) => Promise<void>
}

/** Reads whose texts are replaced by others. */
export const readingAs = (read: Read, textOf: (sql: string) => string | Promise<string>): Read =>
  Object.assign(async (sql: string) => read(await textOf(sql)), {
    lists: async (sql: string) => read.lists(await textOf(sql)),
    columns: async (sql: string, take: Parameters<Read["columns"]>[1]) => read.columns(await textOf(sql), take)
  })

export interface Engine {
  /** A read: waits for a place, is interrupted at its deadline or with its fiber. */
  readonly query: (operation: string, sql: string) => Effect.Effect<ReadonlyArray<Row>, PortFailure>
  /** A read of few rows that others wait for: goes before all questions, behind other look-ups alone. */
  readonly lookUp: (operation: string, sql: string) => Effect.Effect<ReadonlyArray<Row>, PortFailure>
  /** Several reads of one state of the data. */
  readonly snapshot: <A>(operation: string, body: (read: Read) => Promise<A>) => Effect.Effect<A, PortFailure>
  /** The one writer; the body runs alone. */
  readonly write: <A>(
    operation: string,
    body: (connection: DuckDBConnection) => Promise<A>
  ) => Effect.Effect<A, PortFailure>
}

/** Converted a chunk at a time: between two of them the event loop runs. */
const readRows = async (connection: DuckDBConnection, sql: string): Promise<ReadonlyArray<Row>> => {
  const result = await connection.run(sql)
  const rows: Array<Row> = []
  for await (const chunk of result.yieldRowObjectJs()) rows.push(...chunk)
  return rows
}

const readLists = async (connection: DuckDBConnection, sql: string): Promise<ReadonlyArray<DuckDBVector>> => {
  const result = await connection.run(sql)
  const chunk = await result.fetchChunk()
  if (chunk === null) return []
  return Array.from({ length: chunk.columnCount }, (_, column) => {
    const vector = chunk.getColumnVector(column)
    if (!(vector instanceof DuckDBListVector)) throw new TypeError(`column ${column} is no list`)
    return vector.childVector
  })
}

/** Chunks that are handed out in one turn of the event loop. */
const chunksPerTurn = 8

const readColumns = async (connection: DuckDBConnection, sql: string, take: Parameters<Read["columns"]>[1]) => {
  const result = await connection.run(sql)
  for (let index = 0; index < result.chunkCount; index += 1) {
    if (index % chunksPerTurn === chunksPerTurn - 1) await nextTurn()
    const chunk = result.getChunk(index)
    take(
      Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column)),
      chunk.rowCount
    )
  }
}

const inTransaction = async <A>(connection: DuckDBConnection, body: (read: Read) => Promise<A>): Promise<A> => {
  await connection.run("begin transaction")
  try {
    return await body(
      Object.assign((sql: string) => readRows(connection, sql), {
        lists: (sql: string) => readLists(connection, sql),
        columns: (sql: string, take: Parameters<Read["columns"]>[1]) => readColumns(connection, sql, take)
      })
    )
  } finally {
    await connection.run("rollback").catch(() => undefined)
  }
}

interface Opened {
  readonly instance: DuckDBInstance
  readonly writer: DuckDBConnection
  readonly lookUps: DuckDBConnection
  readonly settings: DuckDBConnection
  readonly idle: Array<DuckDBConnection>
  readonly all: ReadonlyArray<DuckDBConnection>
}

const connectAll = (instance: DuckDBInstance): Effect.Effect<Opened, PortFailure> =>
  Effect.tryPromise({
    try: async () => {
      const all = await Promise.all(Array.from({ length: queriesAtOnceMax + 3 }, () => instance.connect()))
      return { instance, writer: all[0]!, lookUps: all[1]!, settings: all[2]!, idle: all.slice(3), all }
    },
    catch: (cause) => duckdbFailure("connect", cause)
  })

const closeAll = ({ all, instance }: Opened): void => {
  for (const connection of all) connection.closeSync()
  instance.closeSync()
}

/** An interrupt that comes between two statements, or before the first has begun, is lost: it is sent until it tells. */
const interruptUntil = (connection: DuckDBConnection, done: Promise<void>): Promise<void> => {
  connection.interrupt()
  const again = setInterval(() => connection.interrupt(), interruptEveryMillis)
  return done.finally(() => clearInterval(again))
}

const overloaded = (operation: string) =>
  new PortFailure({
    port: "EventStore",
    operation,
    reason: "overloaded",
    detail: `${queriesWaitingMax} questions wait already`
  })

const tooLong = (operation: string, timeoutMillis: number) =>
  new PortFailure({
    port: "EventStore",
    operation,
    reason: "timeout",
    detail: `the question took longer than ${timeoutMillis} ms and was cancelled`
  })

export const make = (options: EngineOptions): Effect.Effect<Engine, PortFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const timeoutMillis = options.queryTimeoutMillis ?? 30_000
    const places = yield* Semaphore.make(queriesAtOnceMax)
    const writing = yield* Semaphore.make(1)
    const lookingUp = yield* Semaphore.make(1)
    let waiting = 0
    yield* (yield* Gauges).observe({
      name: "marketing_event_store_questions_waiting",
      description: "Questions that run in the event store or wait for a place",
      read: Effect.sync(() => waiting)
    })
    let opened: Opened | undefined = yield* Effect.flatMap(open(options), connectAll)
    yield* Effect.addFinalizer(() => Effect.sync(() => void (opened !== undefined && closeAll(opened))))

    const openAgain = Effect.uninterruptible(
      Effect.gen(function* () {
        if (opened !== undefined) closeAll(opened)
        opened = undefined
        opened = yield* Effect.flatMap(attach(options), connectAll)
        threads.opened()
      })
    )
    const threads = yield* makeThreads({
      threads: options.threads ?? threadsUsual,
      set: (count) =>
        Effect.tryPromise({
          try: () => opened!.settings.run(`set threads = ${count}`).then(() => undefined),
          catch: (cause) => duckdbFailure("threads", cause)
        }),
      apart: writing.withPermits(1)
    })
    let reopening = false
    /** Nothing runs meanwhile: questions and writes wait, and go on with the file as it was committed. */
    const reopen = Effect.suspend(() => {
      for (const connection of opened?.all ?? []) connection.interrupt()
      return openAgain.pipe(
        Effect.tapError((failure) => Effect.logWarning(`event store: ${failure.message}`)),
        Effect.retry(Schedule.spaced(reopenEvery)),
        Effect.andThen(Effect.logWarning("event store: opened again")),
        places.withPermits(queriesAtOnceMax),
        lookingUp.withPermits(1),
        writing.withPermits(1)
      )
    }).pipe(Effect.ensuring(Effect.sync(() => void (reopening = false))))
    const fork = yield* FiberSet.makeRuntime()

    const afterFailure = (failure: PortFailure): Effect.Effect<void> => {
      if (failure.reason === "corrupt") return markDamaged(options, failure)
      if (needsReopening(failure.cause) && !reopening) {
        reopening = true
        fork(reopen)
      }
      return Effect.void
    }

    const run = <A>(operation: string, body: (connection: DuckDBConnection) => Promise<A>) =>
      Effect.callback<A, PortFailure>((resume) => {
        const { idle } = opened!
        const connection = idle.pop()!
        const done = body(connection)
          .finally(() => void idle.push(connection))
          .then(
            (answer) => resume(Effect.succeed(answer)),
            (cause: unknown) => resume(Effect.fail(duckdbFailure(operation, cause)))
          )
        return Effect.promise(() => interruptUntil(connection, done))
      }).pipe(
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () => Effect.fail(tooLong(operation, timeoutMillis))
        })
      )

    const inPlace = <A>(operation: string, body: (connection: DuckDBConnection) => Promise<A>) =>
      Effect.suspend(() => {
        if (waiting >= queriesWaitingMax) return Effect.fail(overloaded(operation))
        waiting += 1
        return Effect.ensuring(
          places.withPermits(1)(threads.around(run(operation, body))),
          Effect.sync(() => void (waiting -= 1))
        )
      }).pipe(Effect.tapError(afterFailure))

    return {
      query: (operation, sql) => inPlace(operation, (connection) => readRows(connection, sql)),
      lookUp: (operation, sql) =>
        lookingUp
          .withPermits(1)(
            Effect.uninterruptible(
              Effect.tryPromise({
                try: () => readRows(opened!.lookUps, sql),
                catch: (cause) => duckdbFailure(operation, cause)
              })
            )
          )
          .pipe(Effect.tapError(afterFailure)),
      snapshot: (operation, body) => inPlace(operation, (connection) => inTransaction(connection, body)),
      write: (operation, body) =>
        writing
          .withPermits(1)(
            Effect.uninterruptible(
              Effect.tryPromise({ try: () => body(opened!.writer), catch: (cause) => duckdbFailure(operation, cause) })
            )
          )
          .pipe(Effect.tapError(afterFailure))
    }
  })
