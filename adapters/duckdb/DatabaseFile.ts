import { DuckDBInstance } from "@duckdb/node-api"
import { Effect, Schema } from "effect"
import * as fs from "node:fs"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { duckdbFailure } from "./failures.ts"
import { outdatedText, schema, schemaVersion } from "./schema.ts"

export const threadsUsual = 2

export interface DatabaseOptions {
  readonly file: string
  readonly memoryLimit?: string
  readonly threads?: number
}

/** The tables are those of another version of the program. */
class OutdatedFile extends Schema.TaggedError<OutdatedFile>()("OutdatedFile", {}) {}

const attachFile = async (options: DatabaseOptions): Promise<DuckDBInstance> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: options.memoryLimit ?? "512MB",
    threads: String(options.threads ?? threadsUsual),
    temp_directory: `${options.file}.tmp`,
    preserve_insertion_order: "false",
    // What a large question needed goes back to the system soon after it.
    allocator_background_threads: "true",
    allocator_flush_threshold: "16MB",
    allocator_bulk_deallocation_flush_threshold: "16MB",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false"
  })
  try {
    const connection = await instance.connect()
    await connection.run(`attach '${options.file.replaceAll("'", "''")}' as store`)
    await connection.run("set wal_autocheckpoint = '64MB'")
    // Days without a zone in properties are days of UTC, wherever the process runs.
    await connection.run("set global timezone = 'UTC'")
    const [found] = (await connection.runAndReadAll(outdatedText)).getRowObjectsJS()
    if (found?.["outdated"] === true) throw new OutdatedFile()
    await connection.run(schema)
    const [version] = (await connection.runAndReadAll("select version from store.version")).getRowObjectsJS()
    if (version?.["version"] !== schemaVersion) throw new OutdatedFile()
    connection.closeSync()
    return instance
  } catch (cause) {
    instance.closeSync()
    throw cause
  }
}

/** An instance of its own in memory, with the file attached as `store`. */
export const attach = (options: DatabaseOptions): Effect.Effect<DuckDBInstance, PortFailure> =>
  Effect.tryPromise({
    try: () => attachFile(options),
    catch: (cause) => (cause instanceof OutdatedFile ? cause : duckdbFailure("open", cause))
  }).pipe(Effect.catchTag("OutdatedFile", () => Effect.andThen(removeOutdated(options), attachNew(options))))

/** The log holds all that the file does. */
const removeOutdated = ({ file }: DatabaseOptions): Effect.Effect<void> =>
  Effect.andThen(
    Effect.logWarning(`event store: ${file} is of another version of the program and is built anew from the log`),
    Effect.sync(() => {
      fs.rmSync(file, { force: true })
      fs.rmSync(`${file}.wal`, { force: true })
    })
  )

const attachNew = (options: DatabaseOptions): Effect.Effect<DuckDBInstance, PortFailure> =>
  Effect.tryPromise({ try: () => attachFile(options), catch: (cause) => duckdbFailure("open", cause) })

const damageOf = (file: string): string => `${file}.damaged`

/** Says beside the file that it cannot be read: the next start builds it anew. */
export const markDamaged = ({ file }: DatabaseOptions, failure: PortFailure): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (fs.existsSync(damageOf(file))) return Effect.void
    try {
      fs.writeFileSync(damageOf(file), `${failure.message}\n`, { mode: 0o600 })
    } catch {
      // No room for it: the next start finds the damage itself where it reads the same place.
    }
    return Effect.logError(
      `event store: ${file} is damaged; the next start builds it anew from the log: ${failure.detail}`
    )
  })

/** The file holds nothing that the log does not: it is kept for a look, and a new one filled from the log. */
export const setAside = Effect.fnUntraced(function* ({ file }: DatabaseOptions, reason: string) {
  yield* Effect.logWarning(`event store: ${file} cannot be read and is built anew from the log: ${reason}`)
  fs.rmSync(`${file}.unreadable`, { force: true })
  fs.renameSync(file, `${file}.unreadable`)
  fs.rmSync(`${file}.wal`, { force: true })
  fs.rmSync(damageOf(file), { force: true })
})

/** Opens the file; one that is damaged is set aside first. A full disk or another process is no damage. */
export const open = Effect.fnUntraced(function* (options: DatabaseOptions) {
  const { file } = options
  if (fs.existsSync(damageOf(file)) && fs.existsSync(file)) {
    yield* setAside(options, fs.readFileSync(damageOf(file), "utf8").trim())
  }
  const first = yield* Effect.result(attach(options))
  if (first._tag === "Success") return first.success
  const { detail, reason } = first.failure
  const isDamage = reason === "corrupt" || reason === "unavailable"
  if (!isDamage || !fs.existsSync(file) || /lock/i.test(detail)) return yield* first.failure
  yield* setAside(options, detail)
  return yield* attach(options)
})
