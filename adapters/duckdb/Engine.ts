import { DuckDBInstance } from "@duckdb/node-api"
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api"
import { Effect, Semaphore } from "effect"
import type { Scope } from "effect"
import * as fs from "node:fs"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { duckdbFailure, overloaded } from "./failures.ts"
import { createTables, schemaVersion } from "./Tables.ts"

/** Questions that run at once: each occupies threads of the pool that files and DNS share. */
export const runningQuestionsMax = 2
/** Questions that may wait for a place. */
export const waitingQuestionsMax = 64
export const questionTimeoutMillisUsual = 30_000

export type Row = ReadonlyArray<DuckDBValue>

export interface EngineOptions {
  readonly file: string
  readonly memoryLimit?: string
  readonly threads?: number
  readonly questionTimeoutMillis?: number
}

/** Whole result, fetched in pieces of 2048 rows: between two of them the event loop runs. */
export const read = async (connection: DuckDBConnection, sql: string): Promise<Array<Row>> => {
  const result = await connection.run(sql)
  const rows: Array<Row> = []
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return rows
    for (const row of chunk.getRows()) rows.push(row)
  }
}

export interface Engine {
  readonly writer: DuckDBConnection
  /** One writer at a time. */
  readonly write: <A>(operation: string, work: (connection: DuckDBConnection) => Promise<A>) => Effect.Effect<A, PortFailure>
  /** On one snapshot, with a deadline; interruption stops the engine's work. */
  readonly ask: <A>(operation: string, work: (connection: DuckDBConnection) => Promise<A>) => Effect.Effect<A, PortFailure>
  /** The file could not be read and a new one was made. */
  readonly recreated: string | undefined
}

const isInUse = (cause: unknown): boolean => /lock|already attached|in use/i.test(String(cause))

const attach = async (connection: DuckDBConnection, file: string): Promise<void> => {
  const isNew = !fs.existsSync(file)
  await connection.run(`ATTACH '${file.replaceAll("'", "''")}' AS s`)
  if (isNew) {
    await connection.run("BEGIN TRANSACTION")
    for (const statement of createTables) await connection.run(statement)
    await connection.run("COMMIT")
    return
  }
  const rows = await read(connection, "SELECT value FROM s.meta WHERE name = 'schema_version'")
  if (Number(rows[0]?.[0]) !== schemaVersion) throw new Error(`tables of version ${String(rows[0]?.[0])}`)
}

/** The file holds nothing that the log and the documents cannot bring back, so an unreadable one is set aside. */
const attachOrRecreate = async (connection: DuckDBConnection, file: string): Promise<string | undefined> => {
  try {
    await attach(connection, file)
    return undefined
  } catch (cause) {
    if (isInUse(cause)) throw cause
    await connection.run("ROLLBACK").catch(() => undefined)
    await connection.run("DETACH s").catch(() => undefined)
    if (fs.existsSync(file)) fs.renameSync(file, `${file}.unreadable`)
    fs.rmSync(`${file}.wal`, { force: true })
    await attach(connection, file)
    return String(cause).split("\n")[0]!.slice(0, 200)
  }
}

const open = async (options: EngineOptions) => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: options.memoryLimit ?? "512MB",
    threads: String(options.threads ?? 2),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    temp_directory: `${options.file}.spill`
  })
  const writer = await instance.connect()
  const recreated = await attachOrRecreate(writer, options.file)
  await writer.run("SET checkpoint_threshold = '64MB'")
  const readers = await Promise.all(Array.from({ length: runningQuestionsMax }, () => instance.connect()))
  return { instance, writer, readers, recreated }
}

type Opened = Awaited<ReturnType<typeof open>>

const close = async ({ instance, readers, writer }: Opened): Promise<void> => {
  await writer.run("CHECKPOINT s").catch(() => undefined)
  for (const reader of readers) reader.closeSync()
  await writer.run("DETACH s").catch(() => undefined)
  writer.closeSync()
  instance.closeSync()
}

const inSnapshot = async <A>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<A>
): Promise<A> => {
  await connection.run("BEGIN TRANSACTION")
  try {
    return await work(connection)
  } finally {
    await connection.run("ROLLBACK").catch(() => undefined)
  }
}

/** Waits for the engine to let go before the connection goes to somebody else. */
const interruptible = <A>(
  operation: string,
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<A>
): Effect.Effect<A, PortFailure> =>
  Effect.callback<A, PortFailure>((resume) => {
    const running = inSnapshot(connection, work)
    running.then(
      (value) => resume(Effect.succeed(value)),
      (cause) => resume(Effect.fail(duckdbFailure(operation, cause)))
    )
    return Effect.promise(() => {
      connection.interrupt()
      return running.then(
        () => undefined,
        () => undefined
      )
    })
  })

export const openEngine = (options: EngineOptions): Effect.Effect<Engine, PortFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => open(options), catch: (cause) => duckdbFailure("open", cause) }),
      (engine) => Effect.promise(() => close(engine))
    )
    const writing = Semaphore.makeUnsafe(1)
    const asking = Semaphore.makeUnsafe(runningQuestionsMax)
    const free = [...opened.readers]
    let waiting = 0
    const timeoutMillis = options.questionTimeoutMillis ?? questionTimeoutMillisUsual
    return {
      writer: opened.writer,
      recreated: opened.recreated,
      write: (operation, work) =>
        Effect.tryPromise({ try: () => work(opened.writer), catch: (cause) => duckdbFailure(operation, cause) }).pipe(
          Effect.uninterruptible,
          writing.withPermits(1)
        ),
      ask: (operation, work) =>
        Effect.suspend(() => {
          if (waiting >= waitingQuestionsMax + runningQuestionsMax) {
            return Effect.fail(overloaded(operation, `more than ${waitingQuestionsMax} questions wait`))
          }
          waiting++
          return Effect.acquireUseRelease(
            Effect.sync(() => free.pop()!),
            (connection) => interruptible(operation, connection, work),
            (connection) => Effect.sync(() => free.push(connection))
          ).pipe(
            asking.withPermits(1),
            Effect.timeoutOrElse({
              duration: timeoutMillis,
              orElse: () => Effect.fail(duckdbFailure(operation, new Error(`INTERRUPT after ${timeoutMillis} ms`)))
            }),
            Effect.ensuring(Effect.sync(() => waiting--))
          )
        })
    }
  })
