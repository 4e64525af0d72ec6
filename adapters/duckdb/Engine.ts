import { DuckDBInstance } from "@duckdb/node-api"
import type { DuckDBConnection } from "@duckdb/node-api"
import { Effect, Semaphore } from "effect"
import type { Scope } from "effect"
import * as fs from "node:fs"
import { PortFailure } from "../../ports/PortFailure.ts"
import { schema } from "./schema.ts"

export interface EngineOptions {
  readonly file: string
  readonly memoryLimit?: string
  readonly threads?: number
  /** Longest time that one question may take. */
  readonly queryTimeoutMillis?: number
}

/** Questions that run at once; each occupies threads of libuv. */
export const queriesAtOnceMax = 2
/** Questions that wait for a place; over it a question fails as overloaded. */
export const queriesWaitingMax = 100

export type Row = Readonly<Record<string, unknown>>

export type Read = (sql: string) => Promise<ReadonlyArray<Row>>

export interface Engine {
  /** A read: waits for a place, is interrupted at its deadline or with its fiber. */
  readonly query: (operation: string, sql: string) => Effect.Effect<ReadonlyArray<Row>, PortFailure>
  /** Several reads of one state of the data. */
  readonly snapshot: <A>(operation: string, body: (read: Read) => Promise<A>) => Effect.Effect<A, PortFailure>
  /** The one writer; the body runs alone. */
  readonly write: <A>(
    operation: string,
    body: (connection: DuckDBConnection) => Promise<A>
  ) => Effect.Effect<A, PortFailure>
}

export const duckdbFailure = (operation: string, cause: unknown): PortFailure => {
  if (cause instanceof PortFailure) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  const reason = /no space left|disk is full|file too large/i.test(detail)
    ? "full"
    : /out of memory/i.test(detail)
      ? "overloaded"
      : "unavailable"
  return new PortFailure({ port: "EventStore", operation, reason, detail, cause })
}

const attach = async (options: EngineOptions): Promise<DuckDBInstance> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: options.memoryLimit ?? "512MB",
    threads: String(options.threads ?? 2),
    temp_directory: `${options.file}.tmp`,
    preserve_insertion_order: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false"
  })
  try {
    const connection = await instance.connect()
    await connection.run(`attach '${options.file.replaceAll("'", "''")}' as store`)
    await connection.run("set wal_autocheckpoint = '64MB'")
    // Days without a zone in properties are days of UTC, wherever the process runs.
    await connection.run("set global timezone = 'UTC'")
    await connection.run(schema)
    connection.closeSync()
    return instance
  } catch (cause) {
    instance.closeSync()
    throw cause
  }
}

/** The file holds nothing that the log does not: one that cannot be opened is set aside, and filled again from the log. */
const open = Effect.fnUntraced(function* (options: EngineOptions) {
  const first = yield* Effect.result(
    Effect.tryPromise({ try: () => attach(options), catch: (cause) => duckdbFailure("open", cause) })
  )
  if (first._tag === "Success") return first.success
  if (!fs.existsSync(options.file) || /lock/i.test(first.failure.detail)) return yield* first.failure
  yield* Effect.logWarning(
    `event store: ${options.file} cannot be opened and is built anew from the log: ${first.failure.detail}`
  )
  fs.rmSync(`${options.file}.unreadable`, { force: true })
  fs.renameSync(options.file, `${options.file}.unreadable`)
  fs.rmSync(`${options.file}.wal`, { force: true })
  return yield* Effect.tryPromise({ try: () => attach(options), catch: (cause) => duckdbFailure("open", cause) })
})

/** Converted a chunk at a time: between two of them the event loop runs. */
const readRows = async (connection: DuckDBConnection, sql: string): Promise<ReadonlyArray<Row>> => {
  const result = await connection.run(sql)
  const rows: Array<Row> = []
  for await (const chunk of result.yieldRowObjectJs()) rows.push(...chunk)
  return rows
}

const inTransaction = async <A>(connection: DuckDBConnection, body: (read: Read) => Promise<A>): Promise<A> => {
  await connection.run("begin transaction")
  try {
    return await body((sql) => readRows(connection, sql))
  } finally {
    await connection.run("rollback").catch(() => undefined)
  }
}

export const make = (options: EngineOptions): Effect.Effect<Engine, PortFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const instance = yield* Effect.acquireRelease(open(options), (opened) => Effect.sync(() => opened.closeSync()))
    const connect = Effect.acquireRelease(
      Effect.tryPromise({ try: () => instance.connect(), catch: (cause) => duckdbFailure("connect", cause) }),
      (connection) => Effect.sync(() => connection.closeSync())
    )
    const writer = yield* connect
    const idle = yield* Effect.all(Array.from({ length: queriesAtOnceMax }, () => connect))
    const places = yield* Semaphore.make(queriesAtOnceMax)
    const writing = yield* Semaphore.make(1)
    const timeoutMillis = options.queryTimeoutMillis ?? 30_000
    let waiting = 0

    const run = <A>(operation: string, body: (connection: DuckDBConnection) => Promise<A>) =>
      Effect.callback<A, PortFailure>((resume) => {
        const connection = idle.pop()!
        const done = body(connection)
          .then(
            (answer) => resume(Effect.succeed(answer)),
            (cause: unknown) => resume(Effect.fail(duckdbFailure(operation, cause)))
          )
          .then(() => void idle.push(connection))
        return Effect.andThen(
          Effect.sync(() => connection.interrupt()),
          Effect.promise(() => done)
        )
      }).pipe(
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () =>
            Effect.fail(
              new PortFailure({
                port: "EventStore",
                operation,
                reason: "timeout",
                detail: `the question took longer than ${timeoutMillis} ms and was cancelled`
              })
            )
        })
      )

    const inPlace = <A>(operation: string, body: (connection: DuckDBConnection) => Promise<A>) =>
      Effect.suspend(() => {
        if (waiting >= queriesWaitingMax) {
          return Effect.fail(
            new PortFailure({
              port: "EventStore",
              operation,
              reason: "overloaded",
              detail: `${queriesWaitingMax} questions wait already`
            })
          )
        }
        waiting += 1
        return Effect.ensuring(
          places.withPermits(1)(run(operation, body)),
          Effect.sync(() => void (waiting -= 1))
        )
      })

    return {
      query: (operation, sql) => inPlace(operation, (connection) => readRows(connection, sql)),
      snapshot: (operation, body) => inPlace(operation, (connection) => inTransaction(connection, body)),
      write: (operation, body) =>
        writing.withPermits(1)(
          Effect.uninterruptible(
            Effect.tryPromise({ try: () => body(writer), catch: (cause) => duckdbFailure(operation, cause) })
          )
        )
    }
  })
