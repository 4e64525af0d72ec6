import { Context, Effect, Layer, Schema } from "effect"
import * as fs from "node:fs"
import { dirname, join, resolve } from "node:path"

export class DataFolderInUse extends Schema.TaggedError<DataFolderInUse>()("DataFolderInUse", {
  folder: Schema.String,
  pid: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const holder = this.pid === undefined ? "another process" : `process ${this.pid}`
    return `The data folder ${this.folder} is in use by ${holder}. Stop it first, or set DATA_DIR to another folder.`
  }
}

/** The folder cannot be made or written to. */
export class DataFolderUnusable extends Schema.TaggedError<DataFolderUnusable>()("DataFolderUnusable", {
  folder: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `The data folder ${this.folder} cannot be used: ${why}. Make it writable for this user, with room on its disk, or set DATA_DIR to another folder.`
  }
}

/** The folder that this process alone writes to. */
export class DataFolder extends Context.Service<DataFolder, { readonly path: string }>()("adapters/disk/DataFolder") {}

interface Lock {
  readonly exec: (sql: string) => unknown
  readonly close: () => void
}

// An open exclusive transaction of SQLite is a lock of the operating system on the file: it goes with the process,
// however it ends, so that a killed one leaves nothing to clean up.
const openLock = async (file: string): Promise<Lock> => {
  if (process.versions["bun"] !== undefined) {
    const name = "bun:sqlite"
    const { Database } = (await import(name)) as { readonly Database: new (file: string) => Lock }
    return new Database(file)
  }
  const { DatabaseSync } = await import("node:sqlite")
  return new DatabaseSync(file)
}

/** Not `recursive`, which tries for ever where a folder is there and yet none can be made in it, as in /proc. */
const makeFolder = (folder: string): void => {
  if (fs.existsSync(folder)) return
  makeFolder(dirname(folder))
  fs.mkdirSync(folder, { mode: 0o700 })
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html */
const isBusy = (cause: unknown): boolean => {
  const { errcode, errno } = cause as { readonly errcode?: number; readonly errno?: number }
  return ((errcode ?? errno ?? 0) & 0xff) === 5
}

const acquire = async (folder: string): Promise<Lock> => {
  // DuckDB takes what follows it for parameters, and looks for its write-ahead log elsewhere.
  if (folder.includes("?")) throw new Error("its path holds a question mark")
  makeFolder(folder)
  const pidFile = join(folder, "pid")
  const lock = await openLock(join(folder, "lock"))
  try {
    lock.exec("PRAGMA busy_timeout = 0")
    lock.exec("BEGIN EXCLUSIVE")
  } catch (cause) {
    lock.close()
    if (!isBusy(cause)) throw cause
    const pid = fs.existsSync(pidFile) ? fs.readFileSync(pidFile, "utf8").trim() : undefined
    throw new DataFolderInUse({ folder, ...(pid === undefined ? {} : { pid }) })
  }
  fs.writeFileSync(pidFile, `${process.pid}\n`)
  return lock
}

/** Makes the folder (mode 0700) and holds its lock for as long as the scope lasts. */
export const layer = (path: string): Layer.Layer<DataFolder, DataFolderInUse | DataFolderUnusable> => {
  const folder = resolve(path)
  return Layer.effect(
    DataFolder,
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () => acquire(folder),
        catch: (cause) => (cause instanceof DataFolderInUse ? cause : new DataFolderUnusable({ folder, cause }))
      }),
      (lock) => Effect.sync(() => lock.close())
    ).pipe(Effect.map(() => DataFolder.of({ path: folder })))
  )
}
