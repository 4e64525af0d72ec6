import { Effect } from "effect"
import type { Scope } from "effect"
import { chmodSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { PortFailure } from "../../ports/PortFailure.ts"

export type SqlValue = string | number | bigint | null | Uint8Array

export interface Statement {
  readonly run: (...values: ReadonlyArray<SqlValue>) => unknown
  readonly get: (...values: ReadonlyArray<SqlValue>) => unknown
  readonly all: (...values: ReadonlyArray<SqlValue>) => ReadonlyArray<unknown>
}

/** What `node:sqlite` and `bun:sqlite` have in common. */
export interface Database {
  readonly exec: (sql: string) => unknown
  readonly prepare: (sql: string) => Statement
  readonly close: () => void
}

/** How long a statement waits for another process that holds the file. */
export const busyTimeoutMillis = 5000
/** For so long it waits where the event loop waits with it; who can, comes again. */
const busyTurnMillis = 20

export const connect = async (file: string): Promise<Database> => {
  if (process.versions["bun"] !== undefined) {
    const name = "bun:sqlite"
    const { Database } = (await import(name)) as { readonly Database: new (file: string) => Database }
    return new Database(file)
  }
  const { DatabaseSync } = await import("node:sqlite")
  return new DatabaseSync(file)
}

/**
 * Result codes, https://www.sqlite.org/rescode.html: CORRUPT and NOTADB; FULL, no room for the shared-memory file, and
 * IOERR_WRITE, which is what SQLite makes of a quota or a file size limit that is reached.
 */
const corruptCodes = [11, 26]
const fullCode = 13
const noRoomCodes = [4874, 778]
/** BUSY: another process held the file until the time to wait was over. */
const busyCode = 5

/** What an error of SQLite means to the caller of `port`. */
export const sqliteFailure = (port: string, operation: string, cause: unknown): PortFailure => {
  // Its message repeats what is stored.
  if (cause instanceof SyntaxError)
    return new PortFailure({ port, operation, reason: "corrupt", detail: "a stored value is not JSON", cause })
  const { message = String(cause) } = cause as Error
  const code = codeOf(cause)
  const reason =
    (code & 0xff) === fullCode || noRoomCodes.includes(code)
      ? "full"
      : corruptCodes.includes(code & 0xff)
        ? "corrupt"
        : isBusy(cause)
          ? "timeout"
          : "unavailable"
  return new PortFailure({ port, operation, reason, detail: message, cause })
}

const codeOf = (cause: unknown): number => {
  const { errcode, errno } = cause as { readonly errcode?: number; readonly errno?: number }
  return errcode ?? errno ?? 0
}

/** Whether another process holds the file; nothing was done. */
export const isBusy = (cause: unknown): boolean => (codeOf(cause) & 0xff) === busyCode

/** In one line: which file, and what to do. */
const openFailure = (port: string, file: string, cause: unknown): PortFailure => {
  const { detail, reason } = sqliteFailure(port, "open", cause)
  const advice =
    reason === "corrupt"
      ? "put it back from a backup, without its -wal and -shm files"
      : "it must be readable and writable for this user, with room on its disk"
  return new PortFailure({ port, operation: "open", reason, detail: `${file}: ${detail}: ${advice}`, cause })
}

/** Opens the file for as long as the scope lasts: write-ahead log, every commit on the disk before it is answered. */
export const open = (port: string, file: string, schema: string): Effect.Effect<Database, PortFailure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
        const database = await connect(file)
        chmodSync(file, 0o600)
        database.exec(
          `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = ${busyTimeoutMillis}; PRAGMA secure_delete = ON`
        )
        database.exec(schema)
        return database
      },
      catch: (cause) => openFailure(port, file, cause)
    }),
    (database) =>
      Effect.sync(() => {
        try {
          truncateLog(database)
        } finally {
          database.close()
        }
      })
  )

/**
 * Moves the write-ahead log into the file and empties it: what was overwritten is gone from both. Answers false, at
 * once, where a reader (a backup) still needs what the log holds.
 */
export const truncateLog = (database: Database): boolean =>
  waiting(database, 0, () => {
    const answer = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { readonly busy: number }
    return Number(answer.busy) === 0
  })

const waiting = <A>(database: Database, millis: number, run: () => A): A => {
  database.exec(`PRAGMA busy_timeout = ${millis}`)
  try {
    return run()
  } finally {
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMillis}`)
  }
}

/** A transaction that holds the event loop for a moment only where another process holds the file: then `isBusy`. */
export const briefTransaction = <A>(database: Database, body: () => A): A =>
  waiting(database, busyTurnMillis, () => transaction(database, body))

/** Runs `body` as one transaction: all of it is durable when this returns, or none of it happened. */
export const transaction = <A>(database: Database, body: () => A): A => {
  database.exec("BEGIN IMMEDIATE")
  try {
    const answer = body()
    database.exec("COMMIT")
    return answer
  } catch (cause) {
    try {
      database.exec("ROLLBACK")
    } catch {
      // A full disk has rolled it back already.
    }
    throw cause
  }
}
