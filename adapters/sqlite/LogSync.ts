import { Effect } from "effect"
import type { Scope } from "effect"
import * as fs from "node:fs"

/** Brings what was committed to the disk, without holding the event loop for it; answers with the cause of a failure. */
export type LogSync = (done: (cause: unknown) => void) => void

/**
 * Syncs the write-ahead log of a database file. In WAL mode `synchronous = FULL` is NORMAL plus a sync of this file at
 * the end of each commit (https://www.sqlite.org/pragma.html#pragma_synchronous), and that sync is what takes long.
 */
export const openLogSync = (databaseFile: string): Effect.Effect<LogSync, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): { descriptor?: number } => ({})),
      (log) =>
        Effect.sync(() => {
          if (log.descriptor !== undefined) fs.closeSync(log.descriptor)
        })
    ),
    (log): LogSync =>
      (done) => {
        try {
          log.descriptor ??= fs.openSync(`${databaseFile}-wal`, "r+")
        } catch (cause) {
          return done(cause)
        }
        fs.fdatasync(log.descriptor, (cause) => done(cause ?? undefined))
      }
  )
