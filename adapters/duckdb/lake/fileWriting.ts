import { DuckDBInstance } from "@duckdb/node-api"
import type { DuckDBConnection } from "@duckdb/node-api"
import { mkdirSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { moveDurably } from "./durableFile.ts"
import { boundsOf, copyText } from "./fileText.ts"
import type { Place } from "./jobs.ts"
import { dayFolder, pathOf } from "./LakeFolder.ts"

/** Memory of the engine that writes; what needs more goes through a file. */
const memoryOfWriting = "384MB"

export const inEngine = async <A>(
  root: string,
  work: (connection: DuckDBConnection) => Promise<A>,
  memory = memoryOfWriting
): Promise<A> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: memory,
    threads: "1",
    temp_directory: join(root, "scratch", "engine"),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false"
  })
  const connection = await instance.connect()
  try {
    await connection.run("set timezone = 'UTC'")
    return await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export const rowsOf = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()

/** A file that has its name once it is whole. */
export const writeFileOf = async (
  connection: DuckDBConnection,
  root: string,
  rows: string,
  at: Place
): Promise<void> => {
  const [bounds] = await rowsOf(connection, boundsOf(rows))
  const [events, oldest, newest] = ["events", "oldest", "newest"].map((name) => Number(bounds?.[name])) as [
    number,
    number,
    number
  ]
  const beside = join(root, "scratch", `${at.first}-${at.last}.parquet`)
  await connection.run(copyText(rows, beside))
  makeDay(root, at)
  await moveDurably(beside, pathOf(root, { ...at, events, oldest, newest }))
  await rm(beside, { force: true })
}

const makeDay = (root: string, at: { readonly workspace: string; readonly day: string }): void => {
  mkdirSync(dayFolder(root, at), { recursive: true, mode: 0o700 })
}
